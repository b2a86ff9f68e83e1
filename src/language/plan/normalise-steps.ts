import { defined } from '../../base/defined.ts';
import { durationOf } from '../../base/quantity/duration.ts';
import { readVariables } from '../command-variables.ts';
import { defaults } from '../generated/plan.defaults.ts';
import type { WrittenStep } from '../generated/plan.types.ts';
import { positionOf, type Path, type YamlDocument } from '../yaml/yaml-document.ts';
import { known, textOf, type MayBeOpen } from '../yaml/open.ts';
import { readReference } from '../written-reference.ts';
import type { Settings } from '../settings/settings.ts';
import type { DurationReader, PartialPlan } from './normalise-plan.ts';
import type { Phase, RetryPolicy, Step, StepAction } from './plan.ts';
import type { Finding, PlacedStep } from './plan-file.ts';

const phases: readonly Phase[] = ['prepare', 'steps', 'cleanup'];

const { step: usual } = defaults;

/** The steps of all phases in the order in which they run. Steps that are no task, command or question are left out. */
export function normaliseSteps(
  written: MayBeOpen<PartialPlan>,
  environment: string,
  document: YamlDocument,
  ofSettings: Settings['defaults'],
  duration: DurationReader,
): { readonly steps: readonly PlacedStep[]; readonly findings: readonly Finding[] } {
  const all = phases.flatMap((phase) =>
    ((written[phase] ?? []) as readonly MayBeOpen<Partial<WrittenStep> | null>[]).map((step, index) => ({
      phase,
      step: step === null ? null : readable(step),
      path: [phase, index],
    })),
  );
  const ids = new StepIds(all.flatMap(({ step }) => (step?.id === undefined ? [] : [step.id])));
  const findings: Finding[] = [];
  const steps = all.flatMap(({ phase, step, path }) => {
    const action = step === null ? undefined : actionOf(step);
    if (step === null || action === undefined) return [];
    const id = ids.take(step, action);
    if (id === undefined) findings.push(takenTwice(step.id ?? '', path));
    const timeoutMs = duration(step.timeout, [...path, 'timeout']) ?? ofSettings.stepTimeoutMs;
    const stallTimeoutMs =
      duration(step['stall-timeout'], [...path, 'stall-timeout']) ??
      ofSettings.stallTimeoutMs ??
      durationOf(usual['stall-timeout']);
    const placed: Step = {
      id: id ?? step.id ?? '',
      name: step.name ?? nameOf(action),
      phase,
      position: positionOf(document, path),
      environment: step.environment ?? environment,
      action,
      ...(step.env !== undefined && {
        variables: readVariables(step.env, (each, name) =>
          readReference(each, positionOf(document, [...path, 'env', name])),
        ),
      }),
      ...defined({ timeoutMs }),
      stallTimeoutMs,
      retry: retry(step.retry, duration, [...path, 'retry']),
      ...(step.when !== undefined && { when: String(step.when) }),
      continueOnFailure: known(step['continue-on-failure']) ?? usual['continue-on-failure'],
    };
    return [{ step: placed, path }];
  });
  return { steps, findings };
}

const texts = ['id', 'name', 'task', 'run', 'confirm', 'cwd', 'junit', 'environment'] as const;
type TextKey = (typeof texts)[number];

/** A step whose texts can be read: of one that is not known here the variable's name, as such a plan does not run. */
type ReadableStep = Omit<MayBeOpen<Partial<WrittenStep>>, TextKey> & Pick<Partial<WrittenStep>, TextKey>;

function readable(step: MayBeOpen<Partial<WrittenStep>>): ReadableStep {
  const read = Object.fromEntries(texts.map((key) => [key, textOf(step[key])]));
  return { ...step, ...defined(read) } as ReadableStep;
}

/** Gives each step an id of its own: as written, otherwise the task's name, `run-N` or `confirm-N`, numbered where that is taken. */
class StepIds {
  readonly #written: ReadonlySet<string>;
  readonly #taken = new Set<string>();
  readonly #untitled = { run: 0, confirm: 0 };

  constructor(written: readonly string[]) {
    this.#written = new Set(written);
  }

  /** Undefined when the written id is another step's already. */
  take(step: ReadableStep, action: StepAction): string | undefined {
    if (action.kind !== 'task') this.#untitled[action.kind] += 1;
    if (step.id !== undefined) return this.#claim(step.id);
    const base =
      action.kind === 'task' ? action.task : `${action.kind}-${String(this.#untitled[action.kind])}`;
    for (let count = 1; ; count += 1) {
      const id = count === 1 ? base : `${base}-${String(count)}`;
      if (!this.#written.has(id) && this.#claim(id) !== undefined) return id;
    }
  }

  #claim(id: string): string | undefined {
    if (this.#taken.has(id)) return undefined;
    this.#taken.add(id);
    return id;
  }
}

function actionOf(step: ReadableStep): StepAction | undefined {
  if (step.task !== undefined) return { kind: 'task', task: step.task, parameters: step.with ?? {} };
  if (step.confirm !== undefined) return { kind: 'confirm', text: step.confirm };
  if (step.run === undefined) return undefined;
  return {
    kind: 'run',
    script: step.run,
    ...defined({ cwd: step.cwd, junit: step.junit }),
  };
}

function nameOf(action: StepAction): string {
  if (action.kind === 'task') return action.task;
  if (action.kind === 'confirm') return action.text;
  const [first = '', ...rest] = action.script.trim().split('\n');
  return rest.length === 0 ? first : `${first} …`;
}

function takenTwice(id: string, path: Path): Finding {
  return { rule: 'duplicate-step', message: `another step has the id '${id}'`, path: [...path, 'id'] };
}

function retry(written: MayBeOpen<WrittenStep['retry']>, duration: DurationReader, path: Path): RetryPolicy {
  return {
    times: known(written?.times) ?? usual.retry.times,
    delayMs: duration(written?.delay, [...path, 'delay'], true) ?? durationOf(usual.retry.delay),
    backoff: known(written?.backoff) ?? usual.retry.backoff,
  };
}

import type { DeclaredEnvironment } from '../environment/environment.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import type { Path } from '../yaml/yaml-document.ts';
import type { TaskDeclaration } from '../task-declaration.ts';
import { writtenKeys, type Finding, type PlacedStep, type PlanFile } from './plan-file.ts';

/** Everything that a plan may name. */
export interface KnownNames {
  readonly environments: ReadonlyMap<string, DeclaredEnvironment>;
  /** Every task's name. */
  readonly tasks: readonly string[];
  /** The tasks that could be imported. */
  readonly task: (name: string) => TaskDeclaration | undefined;
}

const planName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** What is wrong with the name that a plan has by its file. */
export function checkPlanName(name: string, commandNames: readonly string[]): Finding | undefined {
  const at = { rule: 'plan-name', path: [] };
  if (commandNames.includes(name)) {
    return {
      ...at,
      message: `a plan cannot be named '${name}', which is a command of run-plan`,
      hint: 'rename the file',
    };
  }
  if (planName.test(name)) return undefined;
  const hint = 'use lower-case letters, digits and single dashes, beginning with a letter';
  return { ...at, message: `'${name}' is no name for a plan`, hint };
}

/** Environments, tasks and parts of environments that a plan names and nobody knows. */
export function checkNames(file: PlanFile, known: KnownNames): readonly Finding[] {
  const { plan, steps, document } = file;
  const open = new Set(file.missing.map(({ path }) => path.join('/')));
  const isOpen: IsOpen = (path) => open.has(path.join('/'));
  const unknown: Unknown = (name, path) => unknownEnvironment(name, path, known, isOpen);
  return [
    ...(writtenKeys(document)['environment'] === undefined ? [] : unknown(plan.environment, ['environment'])),
    ...(plan.writes === undefined ? [] : unknown(plan.writes, ['writes'])),
    ...steps.flatMap((placed) => [
      // The plan's own environment has had its say.
      ...(placed.step.environment === plan.environment
        ? []
        : unknown(placed.step.environment, [...placed.path, 'environment'])),
      ...unknownTask(placed, known),
      ...unmetNeeds(placed, known, plan.writes),
      ...otherEnvironments(placed, known, unknown),
    ]),
  ];
}

/** Whether the value at a path of the plan is one that will be known only when its variable is set. */
type IsOpen = (path: Path) => boolean;

type Unknown = (name: string, path: Path) => readonly Finding[];

function unknownEnvironment(name: string, path: Path, known: KnownNames, isOpen: IsOpen): readonly Finding[] {
  if (name === '' || isOpen(path) || known.environments.has(name)) return [];
  const names = [...known.environments.keys()];
  const meant = didYouMean(name, names);
  const hint =
    names.length === 0 ? 'there is no environments.yaml with environments' : `known are ${names.join(', ')}`;
  const message = `unknown environment '${name}'${meant}`;
  return [{ rule: 'unknown-environment', message, path, ...(meant === '' && { hint }) }];
}

function unknownTask({ step, path }: PlacedStep, known: KnownNames): readonly Finding[] {
  if (step.action.kind !== 'task' || known.tasks.includes(step.action.task)) return [];
  const meant = didYouMean(step.action.task, known.tasks);
  const message = `unknown task '${step.action.task}'${meant}`;
  const isNamed = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(step.action.task);
  const hint = !isNamed
    ? `a task is called noun-verb, as in cache-warm.ts; known are ${known.tasks.join(', ')}`
    : known.tasks.length === 0
      ? 'no tasks were found'
      : `known are ${known.tasks.join(', ')}`;
  return [{ rule: 'unknown-task', message, path: [...path, 'task'], ...(meant === '' && { hint }) }];
}

/** Parts that a task needs and its environment lacks; a protected environment that the plan does not say it writes. */
function unmetNeeds(
  { step, path }: PlacedStep,
  known: KnownNames,
  writes: string | undefined,
): readonly Finding[] {
  const environment = known.environments.get(step.environment);
  const task = step.action.kind === 'task' ? known.task(step.action.task) : undefined;
  if (environment === undefined || task === undefined) return [];
  const at = [...path, 'task'];
  const findings: Finding[] = task.needs
    .filter(
      (part) => environment[part] === undefined && !(part === 'postgres' && environment.ephemeral === true),
    )
    .map((part) => {
      const message = `'${task.name}' needs '${part}', which the environment '${environment.name}' does not have`;
      return {
        rule: 'environment-incomplete',
        message,
        path: at,
        hint: `add '${part}' to it, or name another environment`,
      };
    });
  if (environment.protected && task.writes.length > 0 && writes !== environment.name) {
    const message = `'${task.name}' would change '${environment.name}', which is protected`;
    const hint = `say 'writes: ${environment.name}' at the top of the plan if that is meant`;
    findings.push({ rule: 'protected-environment', message, path: at, hint });
  }
  return findings;
}

/** Parameters that name another environment: it must be known here, and have what the task uses of it. */
function otherEnvironments(
  { step, path }: PlacedStep,
  known: KnownNames,
  unknown: Unknown,
): readonly Finding[] {
  const { action } = step;
  if (action.kind !== 'task') return [];
  return (known.task(action.task)?.others ?? []).flatMap(({ parameter, needs }) => {
    const name = action.parameters[parameter];
    if (typeof name !== 'string') return [];
    const at = [...path, 'with', parameter];
    if (name.includes('${')) {
      const message = `'${parameter}' names an environment and must be written out`;
      return [{ rule: 'unknown-environment', message, path: at, hint: 'write a plan for each environment' }];
    }
    const environment = known.environments.get(name);
    if (environment === undefined) return unknown(name, at);
    if (environment[needs] !== undefined) return [];
    const message = `'${action.task}' needs '${needs}', which the environment '${name}' does not have`;
    const hint = `add '${needs}' to it, or name another environment`;
    return [{ rule: 'environment-incomplete', message, path: at, hint }];
  });
}

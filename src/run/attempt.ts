import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { runVariable } from './lock/guard-script.ts';
import { asCommandFailure } from '../process/bind-shell.ts';
import { createCommands, type BoundCommands } from '../process/create-commands.ts';
import { keptFolder, makeStateFolder, temporaryFolder } from '../base/state-folder.ts';
import type { TaskContext, TaskResult } from '../task/contract.ts';
import { createEndings, type Endings } from './endings.ts';
import { abortOnStall, whileAllowed } from '../base/waiting.ts';
import { inWords } from './limits.ts';
import type { PipelineStep } from './pipeline.ts';
import { createReporter, type AttemptReporter } from './reporter.ts';
import { tellWaits } from '../task/store-waits.ts';
import type { RunContext } from './run-context.ts';
import type { CommandVariables } from '../language/command-variables.ts';
import { interpolateText } from '../language/plan/interpolate.ts';
import { resolveVariables } from '../process/secrets/variables.ts';
import { scopeOf } from './step-work.ts';

/** How long a task may take to come back after its signal aborted, milliseconds: inside the ten seconds of a cancel. */
const graceMs = 5000;

/** What one attempt does with what the engine lends it. */
export type AttemptWork = (context: TaskContext) => Promise<TaskResult>;

/**
 * Runs one attempt of a step under a stall timeout and `signal`, and leaves nothing of it: its endings run, its
 * processes die, its folder goes. Rejects with the signal's reason once that aborts, at most a few seconds later.
 */
export async function runAttempt(
  step: PipelineStep,
  attempt: number,
  context: RunContext,
  signal: AbortSignal,
  work: AttemptWork,
): Promise<TaskResult> {
  const { clock } = context.host;
  const variables = await whileAllowed(clock, signal, graceMs, stepVariables(step, context));
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const stall = abortOnStall(clock, step.stallTimeoutMs, own, () => stalled(step));
  const reporter = createReporter(step.id, context.emit, clock, stall.live);
  const unlisten = context.repositories.listen(tellWaits(reporter));
  const endings = createEndings(clock, (text) => {
    reporter.warn(text);
  });
  const bound = bindCommands(context, variables, reporter, stall.live, () => endings.signal() ?? either);
  const folder = join(
    temporaryFolder(context.host.stateFolder, context.run.id),
    `${step.id}-${String(attempt)}`,
  );
  try {
    signal.throwIfAborted();
    makeStateFolder(folder);
    const lent = lend(step, context, { signal: either, reporter, folder, bound, endings });
    return await whileAllowed(clock, either, graceMs, work(lent));
  } catch (error) {
    throw asCommandFailure(error, context.host.redact);
  } finally {
    stall.stop();
    await endings.run();
    await bound.end();
    unlisten();
    reporter.close();
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

interface AttemptParts {
  readonly signal: AbortSignal;
  readonly reporter: AttemptReporter;
  readonly folder: string;
  readonly bound: BoundCommands;
  readonly endings: Endings;
}

function lend(step: PipelineStep, context: RunContext, parts: AttemptParts): TaskContext {
  const { host, pipeline, run, clusters, restored } = context;
  const { name } = step.environment;
  return {
    run,
    environment: currentEnvironment(step, context),
    retention: pipeline.plan.retention,
    timeZone: pipeline.plan.timeZone,
    clock: host.clock,
    random: host.random,
    signal: parts.signal,
    report: parts.reporter,
    folder: parts.folder,
    get kept() {
      const kept = join(keptFolder(host.stateFolder, run.id), step.id);
      makeStateFolder(kept);
      return kept;
    },
    secrets: host.secrets,
    commands: parts.bound.commands,
    get $() {
      return parts.bound.commands.$;
    },
    retry: (times, pauseMs, work) => retry(host.clock, parts.signal, times, pauseMs, work),
    restored: restored.get(name),
    hasFailed: context.progress.hasFailed,
    declared: host.declared,
    environmentNamed: (other) => environmentNamed(pipeline, other),
    repository: (other) =>
      context.repositories.open(
        other === undefined || other === name ? step.environment : environmentNamed(pipeline, other),
      ),
    startCluster: (major) => clusters.start(name, major, parts.signal),
    onEnd: parts.endings.add,
  };
}

/** The step's environment as the run has left it: its database is the one that was restored last. */
function currentEnvironment({ environment }: PipelineStep, { restored, clusters }: RunContext): Environment {
  const postgres = restored.get(environment.name)?.postgres ?? clusters.find(environment.name);
  return postgres === undefined ? environment : { ...environment, postgres };
}

async function retry<Result>(
  clock: Clock,
  signal: AbortSignal,
  times: number,
  pauseMs: number,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || tried >= times) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Loading has checked every name that a task may ask for, so an unknown one is a bug. */
function environmentNamed({ environments }: RunContext['pipeline'], name: string): Environment {
  const environment = environments.get(name);
  if (environment === undefined) throw new Error(`the plan was loaded without the environment ${name}`);
  return environment;
}

function bindCommands(
  context: RunContext,
  variables: Readonly<Record<string, string>>,
  reporter: AttemptReporter,
  live: () => void,
  signal: () => AbortSignal,
): BoundCommands {
  const { host, run } = context;
  return createCommands({
    signal,
    redact: host.redact,
    groups: host.groups,
    inherited: host.environmentVariables,
    environment: { ...variables, [runVariable]: run.id },
    cwd: host.workingFolder,
    onLife: live,
    onOutput: (stream, line) => {
      reporter.output(stream, line);
    },
  });
}

function stalled(step: PipelineStep): Failure {
  return new Failure(
    'step-stalled',
    `step ${step.id} gave no sign of life for ${inWords(step.stallTimeoutMs)}`,
    {
      hint: 'if it may be silent for so long, raise its stall-timeout',
      where: step.position,
    },
  );
}

/**
 * What the plan gives to a step's commands by `env:`: texts with their `${…}` replaced, secrets found.
 * @throws Failure `plan-invalid` for a name without a value, `secret-unavailable`
 */
async function stepVariables(
  { variables = {} }: PipelineStep,
  context: RunContext,
): Promise<Readonly<Record<string, string>>> {
  const scope = scopeOf(context);
  const whole: CommandVariables = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? interpolateText(value, scope) : value,
    ]),
  );
  return resolveVariables(whole, context.host.secrets);
}

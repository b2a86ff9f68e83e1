import { buildPipeline } from '../../run/build-pipeline.ts';
import { runPipeline } from '../../run/run-pipeline.ts';
import { watchSignals } from '../../run/signals.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { EventSink } from '../../run/record/event.ts';
import type { LogFormat } from '../../language/settings/settings.ts';
import { parseAssignments } from '../assignments.ts';
import { confirm } from '../confirm.ts';
import { exit } from '../exit.ts';
import { recordFailedStart } from '../../run/failed-start.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { whyNotDue } from '../../run/if-due.ts';
import { writeMetricsAfterRun } from '../../tell/metrics/after-run.ts';
import { choosePlan, environmentsOf, loadPlans, type Plans } from '../../task/plans.ts';
import { protectedWrites, type Pipeline } from '../../run/pipeline.ts';
import { createRunHost } from '../run-host.ts';
import { openViews } from '../../run/view/open-views.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface RunOptions {
  readonly set: readonly string[];
  readonly dryRun?: true | undefined;
  readonly yes?: string | true | undefined;
  /** The line of cron by which a scheduler started this; see `whyNotDue`. */
  readonly ifDue?: string | undefined;
  readonly json?: true | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly config?: string | undefined;
}

/** Runs a plan. The exit code is the run's. */
export async function runCommand(host: CommandHost, name: string, options: RunOptions): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const plan = choosePlan(plans, name);
  const reason = options.ifDue === undefined ? undefined : whyNotDue(plan, options.ifDue, new Date());
  if (reason !== undefined) {
    if (options.json === true) printJson(host, { plan: plan.name, isDue: false, reason });
    else print(host, `${reason}; nothing was run`);
    return exitCode.done;
  }
  const pipeline = await buildOrRecord(host, plans, plan, options.set);
  if (options.dryRun === true) {
    const { pipelineAsData, pipelineBlocks } = await import('../../run/outline.ts');
    if (options.json === true) printJson(host, pipelineAsData(pipeline));
    else print(host, ...pipelineBlocks(pipeline, new Date()));
    return exitCode.done;
  }
  await confirmWrites(host, pipeline, options.yes);
  return runHere(host, plans, pipeline, formatOf(plans, options), {
    mayAsk: options.yes === undefined,
    isTold: true,
  });
}

/** A plan whose environment is not complete here leaves a record as well: nobody may look for it in vain. */
async function buildOrRecord(
  host: CommandHost,
  plans: Plans,
  plan: Plan,
  set: readonly string[],
): Promise<Pipeline> {
  const assignments = parseAssignments(set);
  try {
    const environments = environmentsOf(plans, plan);
    return buildPipeline(plan, { tasks: plans.workspace.tasks, environments, assignments });
  } catch (error) {
    if (error instanceof Failure && error.code !== 'usage') {
      await recordFailedStart(host, stateFolderOf(plans.settings, host.environmentVariables), plan, error);
      await writeMetricsAfterRun(host, plans, plan);
    }
    throw error;
  }
}

/** How a run is shown: by flag, otherwise by the settings. */
export function formatOf(plans: Plans, options: Pick<RunOptions, 'json' | 'logFormat'>): LogFormat {
  return options.json === true ? 'json' : (options.logFormat ?? plans.settings.logFormat);
}

/** Promise 3: a protected environment is only written to by a plan that says so, and a person who types its name. */
async function confirmWrites(
  host: CommandHost,
  pipeline: Pipeline,
  given: string | true | undefined,
): Promise<void> {
  for (const environment of protectedWrites(pipeline)) {
    const { plan } = pipeline;
    if (plan.writes !== environment.name) {
      throw new Failure(
        'not-confirmed',
        `plan '${plan.name}' would write to the protected environment '${environment.name}'`,
        {
          hint: `if that is meant, say 'writes: ${environment.name}' in ${plan.file}`,
          where: plan.file,
        },
      );
    }
    const consequence = `plan '${plan.name}' writes to the protected environment '${environment.name}'`;
    await confirm(host, { consequence, word: environment.name, given });
  }
}

export interface RunHereOptions {
  readonly mayAsk?: boolean;
  readonly isTold?: boolean;
  readonly listeners?: readonly EventSink[];
}

/**
 * Runs a built pipeline in this process, with its signals, views and locks. `mayAsk`: its questions to people may be
 * asked here, where there is a terminal; without, they stay open. `isTold`: alerts are sent. `listeners` hear every event as well.
 */
export async function runHere(
  host: CommandHost,
  plans: Plans,
  pipeline: Pipeline,
  format: LogFormat,
  { mayAsk = false, isTold = false, listeners = [] }: RunHereOptions = {},
): Promise<ExitCode> {
  let killAll: () => void = () => undefined;
  const signals = watchSignals((code) => {
    killAll();
    void exit(code);
  });
  try {
    const views = await openViews(host, format, stateFolderOf(plans.settings, host.environmentVariables));
    const runHost = await createRunHost(host, {
      plans,
      pipeline,
      sinks: [...views, ...listeners],
      cancel: signals.cancel,
      mayAsk: mayAsk && format !== 'json',
      isTold,
    });
    killAll = () => {
      runHost.groups.killAll();
    };
    const result = await runPipeline(pipeline, runHost);
    await writeMetricsAfterRun(host, plans, pipeline.plan, result.outcome);
    return result.exitCode;
  } finally {
    signals.stop();
  }
}

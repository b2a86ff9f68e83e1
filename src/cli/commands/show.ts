import { buildPipeline } from '../../run/build-pipeline.ts';
import { pipelineAsData, pipelineBlocks } from '../../run/outline.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { parseAssignments } from '../assignments.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { choosePlan, environmentsOf, loadPlans } from '../../task/plans.ts';

export interface ShowOptions {
  readonly set: readonly string[];
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Shows what a plan would do, without doing any of it. */
export async function showCommand(host: CommandHost, name: string, options: ShowOptions): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const plan = choosePlan(plans, name);
  const pipeline = buildPipeline(plan, {
    tasks: plans.workspace.tasks,
    environments: environmentsOf(plans, plan),
    assignments: parseAssignments(options.set),
  });
  if (options.json === true) printJson(host, pipelineAsData(pipeline));
  else print(host, ...pipelineBlocks(pipeline, new Date()));
  return exitCode.done;
}

import { buildPipeline } from '../../engine/build-pipeline.ts';
import { exitCode, type ExitCode } from '../../exit-code.ts';
import type { Plan } from '../../plan/plan.ts';
import { confirm } from '../confirm.ts';
import { print, type CommandHost } from '../host.ts';
import { choosePlans, environmentsOf, loadPlans, stepsOfRole, type Plans } from '../plans.ts';
import { changesIn, pruneDifferences, renderDifference } from '../prune-difference.ts';
import { runHere } from './run.ts';

export interface ApplyOptions {
  readonly yes?: string | true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/**
 * Does what `diff` shows, plan by plan, after confirmation: as a run of the plan's pruning steps alone, under the
 * plan's lock and with a record like every other run.
 */
export async function applyCommand(
  host: CommandHost,
  name: string | undefined,
  options: ApplyOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  for (const plan of choosePlans(plans, name)) {
    const code = await applyPlan(host, plans, plan, options);
    if (code !== exitCode.done) return code;
  }
  return exitCode.done;
}

async function applyPlan(
  host: CommandHost,
  plans: Plans,
  plan: Plan,
  options: ApplyOptions,
): Promise<ExitCode> {
  const now = new Date();
  const differences = await pruneDifferences(plans, plan, now);
  if (options.json !== true)
    print(host, differences.map((difference) => renderDifference(difference, now)).join('\n'));
  const changes = differences.reduce((sum, difference) => sum + changesIn(difference), 0);
  if (changes === 0) return exitCode.done;
  const consequence = `${String(changes)} ${changes === 1 ? 'removal' : 'removals'} for plan '${plan.name}', as shown by diff`;
  await confirm(host, { consequence, word: 'yes', given: options.yes });
  const pruning = { ...plan, steps: stepsOfRole(plans, plan, 'prune') };
  const pipeline = buildPipeline(pruning, {
    tasks: plans.workspace.tasks,
    environments: environmentsOf(plans, pruning),
    assignments: {},
  });
  return runHere(host, plans, pipeline, options.json === true ? 'json' : plans.settings.logFormat);
}

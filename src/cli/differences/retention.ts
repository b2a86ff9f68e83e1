import { buildPipeline } from '../../run/build-pipeline.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { runHere } from '../commands/run.ts';
import { confirm } from '../confirm.ts';
import { choosePlans, environmentsOf, stepsOfRole } from '../../task/plans.ts';
import type { ApplyFlags, DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';
import {
  changesIn,
  differenceAsData,
  differenceBlocks,
  pruneDifferences,
  type PruneDifference,
} from './prune-difference.ts';

/** What the retention of plans would remove from their repositories. */
export const retentionDifferences: DifferenceKind = {
  name: 'retention',
  names: ({ workspace }) => [...workspace.planFiles.values()],
  compare: async (scope, name) => {
    const { plans } = scope;
    // A folder that declares buckets alone is not the wrong folder.
    if (name === undefined && plans.workspace.planFiles.size === 0 && plans.workspace.buckets.size > 0)
      return [];
    const found: FoundDifference[] = [];
    for (const plan of choosePlans(plans, name)) {
      const differences = await pruneDifferences(plans, plan, scope.now);
      if (differences.length > 0) found.push(ofPlan(scope, plan, differences));
    }
    return found;
  },
};

/** A plan's pruning steps are applied together: as one run. */
function ofPlan(
  scope: DifferenceScope,
  plan: Plan,
  differences: readonly PruneDifference[],
): FoundDifference {
  const changes = differences.reduce((sum, difference) => sum + changesIn(difference), 0);
  return {
    changes,
    blocks: () => {
      const reading = { now: scope.now, timeZone: plan.timeZone };
      return differences.flatMap((difference, index) => [
        ...(index === 0 ? [] : ['']),
        ...differenceBlocks(difference, reading),
      ]);
    },
    data: () => ({ plan: plan.name, changes, repositories: differences.map(differenceAsData) }),
    apply: (flags) => applyRetention(scope, plan, changes, flags),
  };
}

/** A run of the plan's pruning steps alone, under the plan's lock and with a record like every other run. */
async function applyRetention(
  { host, plans }: DifferenceScope,
  plan: Plan,
  changes: number,
  flags: ApplyFlags,
): Promise<ExitCode> {
  if (changes === 0) return exitCode.done;
  const consequence = `${String(changes)} ${changes === 1 ? 'removal' : 'removals'} for plan '${plan.name}', as shown by diff`;
  // The name of the environment says more than yes.
  const given = flags.yes === plan.environment ? true : flags.yes;
  await confirm(host, { consequence, word: 'yes', given });
  const pruning = { ...plan, steps: stepsOfRole(plans, plan, 'prune') };
  const pipeline = buildPipeline(pruning, {
    tasks: plans.workspace.tasks,
    environments: environmentsOf(plans, pruning),
    assignments: {},
  });
  return runHere(host, plans, pipeline, flags.json === true ? 'json' : plans.settings.logFormat);
}

import { isBucketMissing } from '../s3/failure.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { status } from '../base/terminal/status.ts';
import { table, type Block } from '../base/terminal/blocks.ts';
import { renderTime, type Reading } from '../base/quantity/moment.ts';
import { defaults } from '../language/generated/artifact-prune.defaults.ts';
import { durationOf, parseDuration, renderDuration } from '../base/quantity/duration.ts';
import { resolveEnvironment } from '../language/plan/workspace.ts';
import { planPrune, type PrunePlan } from '../artifact/prune-plan.ts';
import { buildPipeline } from '../run/build-pipeline.ts';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import type { Plan } from '../language/plan/plan.ts';
import { choosePlans, environmentsOf, stepsOfRole, withRepository, type Plans } from '../task/plans.ts';
import type { Applying, DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

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
    apply: (applying) => applyRetention(scope, plan, changes, applying),
  };
}

/** A run of the plan's pruning steps alone, under the plan's lock and with a record like every other run. */
async function applyRetention(
  { plans }: DifferenceScope,
  plan: Plan,
  changes: number,
  { yes, confirm, run }: Applying,
): Promise<ExitCode> {
  if (changes === 0) return exitCode.done;
  const consequence = `${String(changes)} ${changes === 1 ? 'removal' : 'removals'} for plan '${plan.name}', as shown by diff`;
  // The name of the environment says more than yes.
  const given = yes === plan.environment ? true : yes;
  await confirm({ consequence, word: 'yes', given });
  const pruning = { ...plan, steps: stepsOfRole(plans, plan, 'prune') };
  const pipeline = buildPipeline(pruning, {
    tasks: plans.workspace.tasks,
    environments: environmentsOf(plans, pruning),
    assignments: {},
  });
  return run(pipeline);
}

/** What a plan's retention would change in one repository now. */
interface PruneDifference {
  readonly plan: string;
  readonly environment: string;
  readonly location: string;
  /** There is no such bucket yet. */
  readonly isAbsent: boolean;
  readonly prune: PrunePlan;
}

/** Asks the repository of every pruning step of a plan; changes nothing. */
async function pruneDifferences(plans: Plans, plan: Plan, now: Date): Promise<readonly PruneDifference[]> {
  const { retention } = plan;
  if (retention === undefined) return [];
  const differences: PruneDifference[] = [];
  for (const step of stepsOfRole(plans, plan, 'prune')) {
    const environment = resolveEnvironment(plans.workspace, step.environment);
    const found = await withRepository(plans, environment, async (repository) => {
      const planned = await planUnlessAbsent(repository, {
        environment: environment.name,
        policy: retention,
        timeZone: plan.timeZone,
        now,
        debrisAgeMs: debrisAgeOf(step),
      });
      return { prune: planned ?? nothing, isAbsent: planned === undefined, location: repository.location };
    });
    differences.push({ plan: plan.name, environment: environment.name, ...found });
  }
  return differences;
}

const nothing: PrunePlan = { artifacts: [], debris: [], uploads: [], clockDifferenceMs: 0 };

/** Undefined before the first apply or run has made the bucket. */
async function planUnlessAbsent(...question: Parameters<typeof planPrune>): Promise<PrunePlan | undefined> {
  try {
    return await planPrune(...question);
  } catch (error) {
    if (isBucketMissing(error)) return undefined;
    throw error;
  }
}

function debrisAgeOf({ action }: Plan['steps'][number]): number {
  const text = action.kind === 'task' ? action.parameters['debris-after'] : undefined;
  const said = typeof text === 'string' ? parseDuration(text) : undefined;
  return said ?? durationOf(defaults['debris-after']);
}

/** How many things a prune would remove. */
function changesIn({ prune }: PruneDifference): number {
  const artifacts = prune.artifacts.filter(({ keep }) => !keep).length;
  const debris = prune.debris.filter(({ remove }) => remove).length;
  return artifacts + debris + prune.uploads.length;
}

/** Every artifact with keep or remove and the reason, then debris and unfinished uploads. */
function differenceBlocks(difference: PruneDifference, { now, timeZone }: Reading): readonly Block[] {
  const { prune, plan, environment, location } = difference;
  const age = (at: Date): string => renderDuration(Math.max(0, now.getTime() - at.getTime()));
  const rows = [
    ...prune.artifacts.map(({ artifact, keep, reason }) => [
      keep ? '  keep' : status('remove', '- remove'),
      artifact.name,
      age(artifact.createdAt),
      renderTime(artifact.createdAt, timeZone),
      renderBytes(artifact.bytes),
      reason,
    ]),
    ...prune.debris.map(({ leftover, remove, reason }) => [
      remove ? status('remove', '- remove') : '  keep',
      leftover.name,
      age(leftover.at),
      renderTime(leftover.at, timeZone),
      renderBytes(leftover.bytes),
      reason,
    ]),
    ...prune.uploads.map(({ key, startedAt }) => [
      status('abort', '- abort'),
      key,
      age(startedAt),
      renderTime(startedAt, timeZone),
      '',
      'nobody finished this upload',
    ]),
  ];
  const freed = prune.artifacts
    .filter(({ keep }) => !keep)
    .reduce((sum, { artifact }) => sum + artifact.bytes, 0);
  const count = changesIn(difference);
  const verdict = difference.isAbsent
    ? 'nothing there yet: there is no such bucket'
    : count === 0
      ? 'nothing to remove'
      : `${String(count)} to remove, ${renderBytes(freed)} freed`;
  const columns = [
    { title: '' },
    { title: 'ARTIFACT' },
    { title: 'AGE', align: 'right' },
    { title: 'MADE', optional: true },
    { title: 'SIZE', align: 'right' },
    { title: 'REASON' },
  ] as const;
  const head = `${plan} (${environment}, ${location}): ${verdict}`;
  return rows.length === 0 ? [head] : [head, table(columns, rows)];
}

/** The same for `--json`. */
function differenceAsData(difference: PruneDifference): unknown {
  const { prune, isAbsent: _, ...where } = difference;
  return {
    ...where,
    changes: changesIn(difference),
    artifacts: prune.artifacts.map(({ artifact, keep, reason }) => ({
      name: artifact.name,
      bytes: artifact.bytes,
      keep,
      reason,
    })),
    debris: prune.debris.map(({ leftover, remove, reason }) => ({
      name: leftover.name,
      bytes: leftover.bytes,
      remove,
      reason,
    })),
    uploads: prune.uploads.map(({ key, startedAt }) => ({ key, startedAt })),
  };
}

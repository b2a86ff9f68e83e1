import { defined } from '../../base/defined.ts';
import { planPrune, type PrunePlan } from '../../artifact/prune-plan.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { parseDuration, renderDuration } from '../../base/quantity/duration.ts';
import { renderTime, type Reading } from '../../base/quantity/moment.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { isBucketMissing } from '../../s3/failure.ts';
import { stepsOfRole, withRepository, type Plans } from '../../task/plans.ts';

/** What a plan's retention would change in one repository now. */
export interface PruneDifference {
  readonly plan: string;
  readonly environment: string;
  readonly location: string;
  /** There is no such bucket yet. */
  readonly isAbsent: boolean;
  readonly prune: PrunePlan;
}

/** Asks the repository of every pruning step of a plan; changes nothing. */
export async function pruneDifferences(
  plans: Plans,
  plan: Plan,
  now: Date,
): Promise<readonly PruneDifference[]> {
  const { retention } = plan;
  if (retention === undefined) return [];
  const differences: PruneDifference[] = [];
  for (const step of stepsOfRole(plans, plan, 'prune')) {
    const environment = resolveEnvironment(plans.workspace, step.environment);
    const debrisAgeMs = debrisAgeOf(step);
    const found = await withRepository(plans, environment, async (repository) => {
      const planned = await planUnlessAbsent(repository, {
        environment: environment.name,
        policy: retention,
        timeZone: plan.timeZone,
        now,
        ...defined({ debrisAgeMs }),
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

function debrisAgeOf({ action }: Plan['steps'][number]): number | undefined {
  const text = action.kind === 'task' ? action.parameters['debris-after'] : undefined;
  return typeof text === 'string' ? parseDuration(text) : undefined;
}

/** How many things a prune would remove. */
export function changesIn({ prune }: PruneDifference): number {
  const artifacts = prune.artifacts.filter(({ keep }) => !keep).length;
  const debris = prune.debris.filter(({ remove }) => remove).length;
  return artifacts + debris + prune.uploads.length;
}

/** Every artifact with keep or remove and the reason, then debris and unfinished uploads. */
export function differenceBlocks(difference: PruneDifference, { now, timeZone }: Reading): readonly Block[] {
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
export function differenceAsData(difference: PruneDifference): unknown {
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

import type { StorageClass } from '../../environment/bucket.ts';
import { known, Open } from '../../yaml/open.ts';
import type { DeclaredEnvironment } from '../../environment/environment.ts';
import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import type { Path } from '../../yaml/yaml-document.ts';
import { pathOf } from './expiry-shorter-than-retention.ts';
import type { Rule, RuleContext, RuleFinding } from './rule.ts';

const hourMs = 3_600_000;

/** Standard retrieval, at most: Amazon S3's documentation, "Archive retrieval options". Other classes answer at once. */
const retrievalMs: Partial<Record<StorageClass, number>> = { GLACIER: 5 * hourMs, DEEP_ARCHIVE: 12 * hourMs };

export const storageClassSlowerThanRto: Rule = {
  name: 'storage-class-slower-than-rto',
  severity: 'warning',
  reason: 'The restore waits for the archive to hand the artifact out before its first byte is read.',
  check: (context) => {
    const { rtoMs } = context.plan.objectives;
    if (rtoMs === undefined) return [];
    return sources(context).flatMap((environment) =>
      classesOf(environment, context).flatMap(({ storageClass, path }): RuleFinding[] => {
        const waitMs = retrievalMs[storageClass as StorageClass] ?? 0;
        if (waitMs <= rtoMs) return [];
        const message =
          `artifacts in ${storageClass} take up to ${renderPlanDuration(waitMs)} to retrieve, ` +
          `'${context.plan.name}' must restore within ${renderPlanDuration(rtoMs)}`;
        return [{ message, file: 'environments', path }];
      }),
    );
  },
};

/** The environments whose artifacts the plan may restore: its own and those that steps name as `from`. */
function sources({ plan, environments }: RuleContext): readonly DeclaredEnvironment[] {
  const from = plan.steps.map(({ action }) =>
    action.kind === 'task' ? action.parameters['from'] : undefined,
  );
  const names = new Set([plan.environment, ...from.filter((name) => typeof name === 'string')]);
  return [...names].flatMap((name) => environments.environments.get(name) ?? []);
}

function classesOf(
  { name, repository }: DeclaredEnvironment,
  { environments }: RuleContext,
): readonly { readonly storageClass: string; readonly path: Path }[] {
  if (repository?.store.kind !== 's3') return [];
  const { storageClass, bucket: bucketName } = repository.store.s3;
  const bucket = environments.buckets.get(known(bucketName) ?? '');
  const moves = (bucket?.lifecycle ?? []).flatMap((rule, index) =>
    rule.transitions.flatMap(({ to }, move) =>
      bucket === undefined || to instanceof Open
        ? []
        : [{ storageClass: to, path: [...pathOf(bucket, index, 'transition'), move, 'to'] }],
    ),
  );
  if (storageClass === undefined || storageClass instanceof Open) return moves;
  return [{ storageClass, path: ['environments', name, 'repository', 's3', 'storage-class'] }, ...moves];
}

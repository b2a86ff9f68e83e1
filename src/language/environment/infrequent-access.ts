import type { Problem } from '../problem.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import { known, type MayBeOpen } from '../yaml/open.ts';
import type { DeclaredBucket, Transition } from './bucket.ts';

/**
 * Amazon S3 moves nothing to these classes that is younger, current or not, and refuses a rule that says so:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
const leastMs = 30 * 86_400_000;
const classes: ReadonlySet<string> = new Set(['STANDARD_IA', 'ONEZONE_IA']);

/** Warns of moves that Amazon refuses; other stores, which have an endpoint, take them. Pure. */
export function warnOfEarlyMoves(bucket: DeclaredBucket, document: YamlDocument): readonly Problem[] {
  if (bucket.connection.endpoint !== undefined) return [];
  return bucket.lifecycle.flatMap((rule, index) => {
    const problemsOf = (
      moves: readonly MayBeOpen<Transition>[],
      ...keys: readonly string[]
    ): readonly Problem[] =>
      moves.flatMap(({ afterMs, to }, place) => {
        const ageMs = known(afterMs);
        if (ageMs === undefined || typeof to !== 'string' || !classes.has(to) || ageMs >= leastMs) return [];
        const path: Path = [
          'buckets',
          bucket.name,
          'lifecycle',
          index,
          ...keys,
          'transition',
          place,
          'after',
        ];
        return [
          {
            file: document.file,
            ...document.placeOfKey(path),
            severity: 'warning' as const,
            rule: 'infrequent-access-too-early',
            message: `Amazon S3 moves nothing to ${to} before 30d, and rule '${String(rule.id)}' says ${renderPlanDuration(ageMs)}`,
            hint: 'say 30d or more, or a class without a least age: INTELLIGENT_TIERING, GLACIER_IR',
          },
        ];
      });
    return [...problemsOf(rule.transitions), ...problemsOf(rule.noncurrent?.transitions ?? [], 'noncurrent')];
  });
}

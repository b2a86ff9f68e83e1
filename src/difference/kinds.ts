import { Failure } from '../base/failure.ts';
import { didYouMean } from '../language/yaml/did-you-mean.ts';
import { bucketDifferences } from './buckets.ts';
import type { DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';
import { metricsDifferences } from './metrics.ts';
import { retentionDifferences } from './retention.ts';
import { unitDifferences } from './units.ts';

/** In the order in which they are shown and applied: what keeps comes before what removes. */
const kinds: readonly DifferenceKind[] = [
  bucketDifferences,
  unitDifferences,
  metricsDifferences,
  retentionDifferences,
];

/** A difference and the kind it is of. */
export interface NamedDifference {
  readonly kind: string;
  readonly difference: FoundDifference;
}

/**
 * Everything that bears the name, of every kind, compared; without a name everything there is.
 * @throws Failure `usage` for a name that nothing bears, and whatever a comparison throws
 */
export async function* compareAll(
  scope: DifferenceScope,
  name: string | undefined,
): AsyncGenerator<NamedDifference> {
  const { plans } = scope;
  const asked = kinds.filter((kind) => name === undefined || kind.names(plans).includes(name));
  if (asked.length === 0) throw unknownName(scope, name ?? '');
  for (const kind of asked) {
    for (const difference of await kind.compare(scope, name)) yield { kind: kind.name, difference };
  }
}

function unknownName({ plans }: DifferenceScope, name: string): Failure {
  const known = [...new Set(kinds.flatMap((kind) => kind.names(plans)))].sort();
  return new Failure('usage', `there is no plan or bucket '${name}'${didYouMean(name, known)}`, {
    ...(known.length > 0 && { hint: `there are ${known.join(', ')}` }),
  });
}

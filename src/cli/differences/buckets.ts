import { paragraph } from '../../base/terminal/blocks.ts';
import { openBucket } from '../../bucket/open-bucket.ts';
import { readCapabilities, type KnownCapabilities } from '../../bucket/capability/known-capabilities.ts';
import { compareBucket, type BucketComparison } from '../../bucket/compare.ts';
import type { Bucket } from '../../language/environment/bucket.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { describeFailure, Failure } from '../../base/failure.ts';
import { resolveBucket } from '../../language/plan/workspace.ts';
import { runHere } from '../commands/run.ts';
import { confirm } from '../confirm.ts';
import { requireEnvironments } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';
import { applyPipeline } from './apply-pipeline.ts';
import { comparisonAsData, comparisonBlocks } from './bucket-words.ts';
import type { ApplyFlags, DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

/** What the buckets are like, held against `buckets:` of the environments' file. */
export const bucketDifferences: DifferenceKind = {
  name: 'buckets',
  names: ({ workspace }) => [...workspace.buckets.keys()],
  compare: async (scope, name) => {
    const { workspace } = scope.plans;
    const names = name === undefined ? [...workspace.buckets.keys()] : [name];
    if (names.length > 0) requireEnvironments(scope.plans);
    const found: FoundDifference[] = [];
    for (const each of names) found.push(await compareOne(scope, each));
    return found;
  },
};

/** A bucket that cannot be reached must not hide how the others are. */
async function compareOne(scope: DifferenceScope, name: string): Promise<FoundDifference> {
  try {
    const bucket = resolveBucket(scope.plans.workspace, name);
    const store = await openBucket(bucket.connection, scope.plans.secrets);
    try {
      const known = await knownOf(scope, bucket);
      return compared(scope, bucket, await compareBucket(store, bucket, { known }));
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return {
      changes: 0,
      failure: error,
      blocks: () => [paragraph(`bucket ${name}: cannot be compared: ${error.message}`)],
      data: () => ({ bucket: name, changes: 0, rows: [], kept: [], error: describeFailure(error) }),
      apply: () => Promise.reject(error),
    };
  }
}

/** What an earlier probe has seen of the bucket's store. */
async function knownOf(
  { host, plans, now }: DifferenceScope,
  { connection }: Bucket,
): Promise<KnownCapabilities | undefined> {
  if (connection.endpoint === undefined) return undefined;
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  return readCapabilities(stateFolder, connection.endpoint, now);
}

function compared(scope: DifferenceScope, bucket: Bucket, comparison: BucketComparison): FoundDifference {
  const [fault] = comparison.faults;
  return {
    changes: comparison.rows.length,
    ...(fault !== undefined && { failure: fault.failure }),
    blocks: () => comparisonBlocks(comparison),
    data: () => comparisonAsData(comparison),
    apply: (flags) => applyBucket(scope, bucket, comparison, flags),
  };
}

async function applyBucket(
  { host, plans }: DifferenceScope,
  bucket: Bucket,
  comparison: BucketComparison,
  flags: ApplyFlags,
): Promise<ExitCode> {
  const [fault] = comparison.faults;
  if (fault !== undefined) throw fault.failure;
  if (comparison.rows.length === 0) return exitCode.done;
  refuseWeaker(comparison, flags);
  await confirmBucket({ host, plans }, bucket, comparison, flags);
  const pipeline = applyPipeline(plans, bucket, comparison, { allowWeaker: flags.allowWeaker === true });
  return runHere(host, plans, pipeline, flags.json === true ? 'json' : plans.settings.logFormat);
}

/** Before anybody is asked. @throws Failure `bucket-weakened` */
function refuseWeaker({ bucket, rows }: BucketComparison, { allowWeaker }: ApplyFlags): void {
  const weaker = rows.find((row) => row.weaker !== undefined);
  if (weaker === undefined || allowWeaker === true) return;
  throw new Failure(
    'bucket-weakened',
    `bucket ${bucket} would be protected less: ${weaker.key}: ${weaker.weaker ?? ''}`,
    { hint: 'nothing was changed; if that is meant, say --allow-weaker' },
  );
}

/** Promise 3: what a protected environment keeps in it is changed only by whoever types the environment's name. */
async function confirmBucket(
  { host, plans }: Pick<DifferenceScope, 'host' | 'plans'>,
  bucket: Bucket,
  { rows }: BucketComparison,
  { yes }: ApplyFlags,
): Promise<void> {
  const guarded = bucket.usedBy.filter((name) => plans.workspace.environments.get(name)?.protected === true);
  const count = `${rows.length} ${rows.length === 1 ? 'change' : 'changes'} of bucket ${bucket.name}, as shown`;
  const consequence =
    guarded.length === 0 ? count : `${count}; it is used by ${guarded.join(' and ')}, which is protected`;
  const word = guarded.length === 0 ? 'yes' : guarded.join(',');
  const isNamed = yes !== undefined && yes !== true && bucket.usedBy.includes(yes);
  await confirm(host, { consequence, word, given: guarded.length === 0 && isNamed ? true : yes });
}

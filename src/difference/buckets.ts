import { paragraph, sentence, table, type Block } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import { openBucket } from '../bucket/open-bucket.ts';
import {
  capabilityDamage,
  readCapabilities,
  type KnownCapabilities,
} from '../bucket/capability/known-capabilities.ts';
import { compareBucket, type BucketComparison, type ComparedRow } from '../bucket/compare.ts';
import type { Bucket } from '../language/environment/bucket.ts';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { describeFailure, Failure } from '../base/failure.ts';
import { resolveBucket } from '../language/plan/workspace.ts';
import { warn } from '../task/host.ts';
import { requireEnvironments, type Plans } from '../task/plans.ts';
import { stateFolderOf } from '../task/state.ts';
import { applyPipeline } from './apply-pipeline.ts';
import type { Applying, DifferenceKind, DifferenceScope, FoundDifference } from './difference.ts';

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
  const damage = await capabilityDamage(stateFolder, connection.endpoint);
  if (damage !== undefined) warn(host, `${damage}: run-plan doctor --fresh probes the store anew`);
  return readCapabilities(stateFolder, connection.endpoint, now);
}

function compared(scope: DifferenceScope, bucket: Bucket, comparison: BucketComparison): FoundDifference {
  const [fault] = comparison.faults;
  return {
    changes: comparison.rows.length,
    ...(fault !== undefined && { failure: fault.failure }),
    blocks: () => comparisonBlocks(comparison),
    data: () => comparisonAsData(comparison),
    apply: (applying) => applyBucket(scope, bucket, comparison, applying),
  };
}

async function applyBucket(
  { plans }: DifferenceScope,
  bucket: Bucket,
  comparison: BucketComparison,
  applying: Applying,
): Promise<ExitCode> {
  const [fault] = comparison.faults;
  if (fault !== undefined) throw fault.failure;
  if (comparison.rows.length === 0) return exitCode.done;
  refuseWeaker(comparison, applying);
  await confirmBucket(plans, bucket, comparison, applying);
  const pipeline = applyPipeline(plans, bucket, comparison, { allowWeaker: applying.allowWeaker === true });
  return applying.run(pipeline);
}

/** Before anybody is asked. @throws Failure `bucket-weakened` */
function refuseWeaker({ bucket, rows }: BucketComparison, { allowWeaker }: Applying): void {
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
  plans: Plans,
  bucket: Bucket,
  { rows }: BucketComparison,
  { yes, confirm }: Applying,
): Promise<void> {
  const guarded = bucket.usedBy.filter((name) => plans.workspace.environments.get(name)?.protected === true);
  const count = `${rows.length} ${rows.length === 1 ? 'change' : 'changes'} of bucket ${bucket.name}, as shown`;
  const consequence =
    guarded.length === 0 ? count : `${count}; it is used by ${guarded.join(' and ')}, which is protected`;
  const word = guarded.length === 0 ? 'yes' : guarded.join(',');
  const isNamed = yes !== undefined && yes !== true && bucket.usedBy.includes(yes);
  await confirm({ consequence, word, given: guarded.length === 0 && isNamed ? true : yes });
}

/** Of a longer text, as of a policy, people find the end in `--json`. */
const longestText = 60;

/** Each key that differs with what is, what should be and what that will do; then what is kept. */
function comparisonBlocks({ bucket, rows, kept, faults }: BucketComparison): readonly Block[] {
  const verdict = rows.length === 0 ? 'as declared' : `${rows.length} to change`;
  const columns = [
    { title: '' },
    { title: 'KEY' },
    { title: 'IS' },
    { title: 'SHOULD BE' },
    { title: 'CONSEQUENCE' },
  ];
  const cells = rows.map((row) => [
    signOf(row),
    row.key,
    short(row.is ?? '-'),
    short(row.should ?? '-'),
    row.weaker === undefined ? (row.consequence ?? '') : [status('WEAKER'), `: ${row.weaker}`],
  ]);
  return [
    `bucket ${bucket}: ${faults.length === 0 ? verdict : `${verdict}, ${faults.length} not comparable`}`,
    ...(rows.length === 0 ? [] : [table(columns, cells)]),
    ...kept.map((what) => sentence(`kept: ${what}, which is not of this YAML`, { indent: 2 })),
    ...faults.flatMap(({ failure: { where, message, hint } }) => [
      paragraph([status('failed', '!'), ` ${where === undefined ? '' : `${where} `}${message}`]),
      ...(hint === undefined ? [] : [paragraph(hint, { indent: 4 })]),
    ]),
  ];
}

function signOf({ is, should }: ComparedRow): string {
  if (is === undefined || is === 'absent') return '+';
  return should === undefined ? '-' : '~';
}

function short(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1)}…`;
}

/** The same for `--json`, texts whole. */
function comparisonAsData(comparison: BucketComparison): Readonly<Record<string, unknown>> {
  const { bucket, exists, rows, kept, faults } = comparison;
  return {
    bucket,
    exists,
    changes: rows.length,
    rows,
    kept,
    faults: faults.map(({ setting, failure }) => ({ setting, ...describeFailure(failure) })),
  };
}

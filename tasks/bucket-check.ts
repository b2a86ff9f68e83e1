import { openBucket } from '../src/bucket/open-bucket.ts';
import { storeWaits } from '../src/task/store-waits.ts';
import { compareBucket, type BucketComparison, type ComparedRow } from '../src/bucket/compare.ts';
import { Failure } from '../src/base/failure.ts';
import type { BucketCheckParameters } from '../src/language/generated/bucket-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/bucket-check.schema.json' with { type: 'json' };

const task: Task<BucketCheckParameters> = {
  name: 'bucket-check',
  description: 'Holds the settings of the declared buckets against what the buckets have',
  needs: [],
  writes: [],
  asksBuckets: true,
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Longer texts, of policies, are in `run-plan diff --json`. */
const widestText = 200;

function describe({ buckets }: BucketCheckParameters): readonly string[] {
  return [`read the settings of ${buckets === undefined ? 'every declared bucket' : buckets.join(', ')}`];
}

async function run(context: TaskContext, { buckets }: BucketCheckParameters): Promise<TaskResult> {
  const names = buckets ?? context.declared.buckets;
  if (names.length === 0) {
    throw new Failure('check-failed', 'no bucket is declared, so there is nothing to compare', {
      hint: "declare one in plans/environments.yaml under 'buckets:', or remove this step",
    });
  }
  const found: FoundBucket[] = [];
  // One that cannot be reached must not hide how the others are.
  for (const name of names) found.push(await look(context, name));
  const checks = found.map(({ check }) => check);
  const hasDrift = found.some(({ rows }) => rows.length > 0);
  const failure = checkFailure(
    checks.length === 1 ? `the bucket ${names[0] ?? ''}` : 'the declared buckets',
    checks,
    hasDrift
      ? 'run-plan diff shows what setting it right would do, run-plan apply does it; or change the YAML'
      : undefined,
    {
      code: hasDrift ? 'drift-found' : 'check-failed',
      facts: { buckets: found.map(({ name, rows }) => ({ name, differences: rows })) },
    },
  );
  if (failure !== undefined) throw failure;
  return { facts: { checks } };
}

interface FoundBucket {
  readonly name: string;
  readonly check: CheckFact;
  readonly rows: readonly ComparedRow[];
}

async function look(context: TaskContext, name: string): Promise<FoundBucket> {
  const { declared, secrets, report, signal } = context;
  report.phase(`reading the settings of ${name}`);
  const about = { name: `bucket ${name}`, expected: 'as declared' };
  try {
    const bucket = declared.bucket(name);
    const store = await openBucket(bucket.connection, secrets, storeWaits(context));
    try {
      const comparison = await compareBucket(store, bucket, { signal, counts: false });
      return { name, rows: comparison.rows, check: { ...about, ...verdictOf(comparison) } };
    } finally {
      store.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return { name, rows: [], check: { ...about, state: 'failed', message: error.message } };
  }
}

function verdictOf({ rows, faults }: BucketComparison): Pick<CheckFact, 'state' | 'found' | 'message'> {
  const isFine = rows.length === 0 && faults.length === 0;
  const found = rows.map(({ key, is, should }) => `${key} is ${short(is)}, not ${short(should)}`);
  return {
    state: isFine ? 'passed' : 'failed',
    ...(faults.length === 0 || rows.length > 0
      ? { found: found.length === 0 ? 'as declared' : found.join('; ') }
      : {}),
    ...(faults.length > 0 && { message: faults.map(({ failure }) => failure.message).join('; ') }),
  };
}

function short(text: string | undefined): string {
  if (text === undefined) return 'absent';
  return text.length <= widestText ? text : `${text.slice(0, widestText - 1)}…`;
}

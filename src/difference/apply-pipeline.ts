import { createHash } from 'node:crypto';
import { openBucket } from '../bucket/open-bucket.ts';
import { changeBucket } from '../bucket/change-bucket.ts';
import type { SettingChange } from '../bucket/change-setting.ts';
import type { BucketComparison } from '../bucket/compare.ts';
import type { Pipeline } from '../run/pipeline.ts';
import type { Bucket } from '../language/environment/bucket.ts';
import type { Environment } from '../language/environment/environment.ts';
import { resolveEnvironment } from '../language/plan/workspace.ts';
import type { Task, TaskContext, TaskResult } from '../task/contract.ts';
import type { Plans } from '../task/plans.ts';

/** Name of the plan that `apply` makes of a bucket's changes; no file may bear it (`command-names.ts`). */
export const applyPlanName = 'apply';

/** Where messages say that it comes from. */
const origin = 'run-plan apply';
/** Calls of a few seconds each, with retries. */
const timeoutMs = 10 * 60_000;

/**
 * The changes of one bucket as a run of one step: with its journal, its record, its signals, and a lock that holds other
 * applies of this host away. The record lies in the repository of the first environment that uses the bucket.
 */
export function applyPipeline(
  plans: Plans,
  bucket: Bucket,
  comparison: BucketComparison,
  { allowWeaker }: { readonly allowWeaker: boolean },
): Pipeline {
  const [user] = bucket.usedBy;
  const environment: Environment =
    user === undefined ? { name: bucket.name, protected: false } : resolveEnvironment(plans.workspace, user);
  const retry = { times: 0, delayMs: 0, backoff: 'constant' as const };
  return {
    plan: {
      name: applyPlanName,
      file: origin,
      hash: createHash('sha256').update(JSON.stringify(comparison.rows)).digest('hex'),
      description: `Change bucket ${bucket.name}`,
      environment: environment.name,
      timeZone: 'UTC',
      schedule: [],
      objectives: {},
      timeoutMs,
      parameters: [],
      steps: [],
    },
    environment,
    parameters: { bucket: bucket.name },
    environments: new Map([[environment.name, environment]]),
    steps: [
      {
        id: bucket.name,
        name: `change bucket ${bucket.name}`,
        phase: 'steps',
        position: origin,
        environment,
        work: {
          kind: 'task',
          task: changeTask(bucket, comparison, allowWeaker),
          parameters: {},
          fit: (parameters) => parameters,
        },
        timeoutMs,
        stallTimeoutMs: timeoutMs,
        retry,
        continueOnFailure: false,
      },
    ],
  };
}

function changeTask(bucket: Bucket, confirmed: BucketComparison, allowWeaker: boolean): Task {
  return {
    name: 'bucket-change',
    description: `Changes bucket ${bucket.name} to what the YAML says`,
    needs: [],
    writes: [],
    role: 'other',
    outputs: [],
    parameters: { type: 'object' },
    run: (context) => change(context, bucket, confirmed, allowWeaker),
  };
}

async function change(
  { report, secrets, signal }: TaskContext,
  bucket: Bucket,
  confirmed: BucketComparison,
  allowWeaker: boolean,
): Promise<TaskResult> {
  const store = await openBucket(bucket.connection, secrets);
  try {
    const changes = await changeBucket(store, bucket, {
      confirmed,
      allowWeaker,
      signal,
      onChange: (begun) => {
        report.note(words(begun));
      },
    });
    return { facts: { bucket: bucket.name, changes, kept: confirmed.kept } };
  } finally {
    store.close();
  }
}

/** Said before the write, so that also the journal of a killed run holds how it was. */
function words({ setting, before, after }: SettingChange): string {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => before[key] !== after[key]);
  return `${setting}: ${changed.map((key) => `${key} ${before[key] ?? '-'} → ${after[key] ?? '-'}`).join(', ')}`;
}

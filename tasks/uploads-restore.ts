import { defaults } from '../src/language/generated/uploads-restore.defaults.ts';
import { basename } from 'node:path';
import { uploadsIdentity } from '../src/artifact/uploads-instant.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { describeFailure, Failure } from '../src/base/failure.ts';
import type { S3 } from '../src/s3/client.ts';
import { storeWaits } from '../src/task/store-waits.ts';
import type { UploadsRestoreParameters } from '../src/language/generated/uploads-restore.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import { findReport } from '../src/uploads/find-report.ts';
import { readRequest } from '../src/uploads/instant-request.ts';
import { restoreToInstant, type InstantResult } from '../src/uploads/restore-to-instant.ts';
import { openWork } from '../src/uploads/restore-work.ts';
import { storeReport } from '../src/uploads/stored-report.ts';
import { tellUndo, undoReport } from '../src/uploads/undo-report.ts';
import type { ChangeHeader } from '../src/uploads/unfinished-changes.ts';
import { openUploads, readClock, requireVersions, type StoreClock } from '../src/uploads/uploads-store.ts';
import parametersSchema from '../schemas/tasks/uploads-restore.schema.json' with { type: 'json' };

const task: Task<UploadsRestoreParameters> = {
  name: 'uploads-restore',
  description: 'Brings the uploads bucket back to how it was at an instant, and deletes nothing',
  needs: ['uploads'],
  writes: ['uploads'],
  others: [{ parameter: 'from', needs: 'repository' }],
  role: 'other',
  outputs: ['changes', 'changed'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** On a gateway beside its client 8 to 32 measured alike and 64 half as fast (test/bench/uploads.ts); far ones like more. */

function describe(parameters: UploadsRestoreParameters, environment: Environment): readonly string[] {
  const bucket =
    environment.uploads?.store.kind === 's3' ? environment.uploads.store.s3.bucket : 'the uploads';
  if (parameters.undo !== undefined) {
    const undo = `undo what ${parameters.undo} changed in ${bucket}`;
    return parameters['dry-run'] === true ? [`count what it takes to ${undo}, and change nothing`] : [undo];
  }
  const when = parameters.at ?? parameters.artifact ?? 'the restored artifact';
  const found = `list every version of ${bucket}, and find what was current at ${when}`;
  if (parameters['dry-run'] === true) return [found, 'count it, and change nothing'];
  if (parameters.into !== undefined) return [found, `copy it to ${parameters.into.bucket}`];
  return [
    found,
    'copy that to the top; put a delete marker on keys born later',
    'list again, and name what is not as it was',
  ];
}

async function run(context: TaskContext, parameters: UploadsRestoreParameters): Promise<TaskResult> {
  const store = await openUploads(context.environment, context.secrets, storeWaits(context));
  try {
    context.report.phase('looking at the bucket');
    const versioning = await requireVersions(store, context.signal);
    if (versioning === 'suspended' && parameters.into === undefined) throw suspended(store);
    const clock = await readClock(store, () => context.clock.now(), context.signal);
    return parameters.undo === undefined
      ? await restore(context, parameters, store, clock)
      : await undo(context, parameters.undo, parameters, store);
  } finally {
    store.close();
  }
}

async function restore(
  context: TaskContext,
  parameters: UploadsRestoreParameters,
  store: S3,
  clock: StoreClock,
): Promise<TaskResult> {
  const work = openWork(context, store, parameters.concurrency ?? defaults.concurrency);
  const { instant, restore: request } = await readRequest(context, parameters, work, clock);
  const done = await restoreToInstant(request, (path) => keepReport(context, path, request.header));
  if (done.changed > 0 && request.into === undefined)
    context.report.note(`to go back: 'undo: ${context.run.id}'; every changed key is in ${done.changes}`);
  const at = new Date(instant.atMs).toISOString();
  return resultOf(done, { at, artifact: instant.artifact ?? null, skewMs: clock.skewMs });
}

async function undo(
  context: TaskContext,
  words: string,
  parameters: UploadsRestoreParameters,
  store: S3,
): Promise<TaskResult> {
  const { kept, run, signal } = context;
  const repository = context.environment.repository === undefined ? undefined : () => context.repository();
  const report = await findReport(words, { kept, workingFolder: process.cwd(), repository, signal });
  const uploads = uploadsIdentity(store.location);
  if (report.uploads !== uploads) {
    throw new Failure('target-refused', `${report.name} is about ${report.uploads}, and not ${uploads}`);
  }
  const header = { uploads, work: `undo ${report.name}`, runId: run.id };
  const work = openWork(context, store, parameters.concurrency ?? defaults.concurrency);
  const request = { report, header, kept, work };
  if (parameters['dry-run'] === true) return resultOf(await tellUndo(request), {});
  return resultOf(await undoReport(request, (path) => keepReport(context, path, header)), {});
}

function resultOf(
  { bytes, changed, changes, facts }: InstantResult,
  more: Readonly<Record<string, unknown>>,
): TaskResult {
  return {
    ...(bytes > 0 && { bytes }),
    outputs: { changes, changed: String(changed) },
    facts: { uploads: { ...more, ...facts } },
  };
}

/** Another host can undo it too then. What was restored is restored all the same, so a refusal is only told. */
async function keepReport(context: TaskContext, path: string, header: ChangeHeader): Promise<void> {
  const { environment, run, signal, report } = context;
  if (environment.repository === undefined) return;
  const owner = { plan: run.plan, runId: run.id, step: basename(context.kept) };
  try {
    await storeReport(await context.repository(), owner, { path, header }, signal);
  } catch (error) {
    signal.throwIfAborted();
    report.warn(
      `the report is on this host alone, because the repository did not take it: ${describeFailure(error).message}`,
    );
  }
}

function suspended({ location }: S3): Failure {
  return new Failure(
    'target-refused',
    `versioning of ${location.bucket} is suspended: a write would overwrite`,
    {
      hint: 'Turn versioning on first; keys that were overwritten while it was off are then named.',
    },
  );
}

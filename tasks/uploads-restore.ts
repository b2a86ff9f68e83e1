import { join } from 'node:path';
import { uploadsIdentity } from '../src/artifact/uploads-instant.ts';
import type { Environment } from '../src/environment/environment.ts';
import { Failure } from '../src/failure.ts';
import { parseDuration, renderPlanDuration } from '../src/quantity/duration.ts';
import type { S3Store } from '../src/repository/s3-client.ts';
import type { UploadsRestoreParameters } from '../src/schema/generated/uploads-restore.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import { openChangeJournal } from '../src/uploads/change-journal.ts';
import { onlyKeys, openRows } from '../src/uploads/chosen-keys.ts';
import { usualCopyLimits } from '../src/uploads/copy-version.ts';
import { describeSkew, findInstant, type Instant } from '../src/uploads/instant.ts';
import { historiesOf, type KeyHistory } from '../src/uploads/key-history.ts';
import { listVersions } from '../src/uploads/list-versions.ts';
import { readNoncurrentExpiry, type NoncurrentExpiry } from '../src/uploads/noncurrent-expiry.ts';
import { createPace } from '../src/uploads/pace.ts';
import { openReferences } from '../src/uploads/references.ts';
import { createKeyList, nameKeys } from '../src/uploads/refused-keys.ts';
import { restoreToInstant, versionedInto, type InstantRestore } from '../src/uploads/restore-to-instant.ts';
import type { IntoTarget } from '../src/uploads/restore-uploads.ts';
import type { RestoreWork } from '../src/uploads/restore-work.ts';
import { settleBegun } from '../src/uploads/settle-begun.ts';
import { findReport, undoChanges } from '../src/uploads/undo-uploads.ts';
import {
  openUploads,
  readClock,
  readVersioning,
  requireVersions,
  type StoreClock,
} from '../src/uploads/uploads-store.ts';
import { versionPages } from '../src/uploads/version-page.ts';
import parametersSchema from '../schemas/tasks/uploads-restore.schema.json' with { type: 'json' };

const task: Task<UploadsRestoreParameters> = {
  name: 'uploads-restore',
  description: 'Brings the uploads bucket back to how it was at an instant, and deletes nothing',
  needs: ['uploads'],
  writes: ['uploads'],
  others: [{ parameter: 'from', needs: 'repository' }],
  role: 'other',
  outputs: ['changes'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** On a gateway beside its client 8 to 32 measured alike and 64 half as fast (test/bench/uploads.ts); far ones like more. */
const usualLanes = 16;

function describe(parameters: UploadsRestoreParameters, environment: Environment): readonly string[] {
  const bucket =
    environment.uploads?.store.kind === 's3' ? environment.uploads.store.s3.bucket : 'the uploads';
  if (parameters.undo !== undefined) return [`undo what ${parameters.undo} changed in ${bucket}`];
  const when = parameters.at ?? parameters.artifact ?? 'the restored artifact';
  const found = `list every version of ${bucket}, and find what was current at ${when}`;
  if (parameters['dry-run'] === true) return [found, 'count it, and change nothing'];
  const into = parameters.into === undefined ? [] : [`copy it to ${parameters.into.bucket}`];
  return [
    found,
    ...(into.length > 0 ? into : ['copy that to the top; put a delete marker on keys born later']),
    'list again, and name what is not as it was',
  ];
}

async function run(context: TaskContext, parameters: UploadsRestoreParameters): Promise<TaskResult> {
  const store = await openUploads(context.environment, context.secrets);
  try {
    context.report.phase('looking at the bucket');
    const versioning = await requireVersions(store, context.signal);
    if (versioning === 'suspended' && parameters.into === undefined) throw suspended(store);
    const clock = await readClock(store, () => context.clock.now(), context.signal);
    return parameters.undo === undefined
      ? await restore(context, parameters, store, clock)
      : await undo(context, parameters.undo, parameters, store);
  } finally {
    store.client.destroy();
  }
}

async function restore(
  context: TaskContext,
  parameters: UploadsRestoreParameters,
  store: S3Store,
  clock: StoreClock,
): Promise<TaskResult> {
  const { at, artifact, from = context.environment.name, prefix = '' } = parameters;
  const instant = await findInstant(context, { at, artifact, from }, store, clock);
  if (instant === undefined) {
    throw new Failure('usage', 'it is not said which instant the uploads are to be brought back to', {
      hint: "Say 'at' or 'artifact', or put the step after one that restores an artifact.",
    });
  }
  const time = new Date(instant.atMs).toISOString();
  const expiry = await readNoncurrentExpiry(store, context.signal);
  warnOfExpiry(context, expiry, instant, clock);
  context.report.note(
    `uploads as of ${time} on the store's clock; this host's is ${describeSkew(clock.skewMs)}`,
  );
  const keys = parameters.keys === undefined ? undefined : await openKeys(context, parameters.keys);
  const histories = (since?: number): AsyncIterable<KeyHistory> => {
    const versions = listVersions(versionPages(store, prefix, context.signal));
    const all = historiesOf(versions, { at: instant.atMs, ...(since !== undefined && { since }) });
    return keys === undefined ? all : chosen(all, keys);
  };
  const into = await intoOf(context, parameters, store);
  const work = JSON.stringify([time, prefix, parameters.keys ?? null, parameters.into ?? null]);
  const wait = parameters['wait-for-archived'];
  const restoring: InstantRestore = {
    histories,
    facts: { at: instant.atMs, nowMs: clock.time.getTime(), expiryOf: (key) => expiry.of(key) },
    untrusted: parameters.untrusted ?? 'fail',
    into,
    dryRun: parameters['dry-run'] ?? false,
    archived: {
      tier: parameters['archived-tier'] ?? 'standard',
      waitMs: wait === undefined ? undefined : parseDuration(wait),
    },
    header: { uploads: uploadsIdentity(store.location), work, runId: context.run.id },
    kept: context.kept,
    work: workOf(context, parameters, store),
  };
  const { changes, bytes, facts } = await restoreToInstant(restoring);
  return {
    bytes,
    outputs: { changes },
    facts: { uploads: { at: time, artifact: instant.artifact ?? null, skewMs: clock.skewMs, ...facts } },
  };
}

async function undo(
  context: TaskContext,
  words: string,
  parameters: UploadsRestoreParameters,
  store: S3Store,
): Promise<TaskResult> {
  const report = await findReport(words, context.kept, process.cwd());
  const uploads = uploadsIdentity(store.location);
  if (report.uploads !== uploads) {
    throw new Failure('target-refused', `${report.path} is about ${report.uploads}, and not ${uploads}`);
  }
  if (parameters['dry-run'] === true) {
    throw new Failure('usage', 'an undo has no dry run: the report says what it does', { hint: report.path });
  }
  const refused = createKeyList(join(context.kept, 'refused.ndjson'));
  const changedSince = createKeyList(join(context.kept, 'changed-since.ndjson'));
  const header = { uploads, work: `undo ${report.path}`, runId: context.run.id };
  const journal = await openChangeJournal(context.kept, header);
  try {
    const work = { ...workOf(context, parameters, store), journal, refused };
    await settleBegun(work);
    const sums = await undoChanges(report, work, changedSince);
    const changes = await journal.finish(true);
    const facts = {
      uploads: {
        undone: report.path,
        ...sums,
        changes,
        refused: { count: refused.count, first: refused.first },
        changedSince: { count: changedSince.count, first: changedSince.first },
      },
    };
    context.report.note(
      `undone: ${sums.promoted} keys promoted, ${sums.hidden} hidden, ${sums.already} were so already`,
    );
    if (refused.count + changedSince.count > 0) throw notUndone(refused, changedSince, facts);
    return { bytes: sums.bytes, outputs: { changes }, facts };
  } finally {
    await Promise.all([refused.close(), changedSince.close()]);
    await journal.close();
  }
}

function notUndone(
  refused: { readonly count: number; readonly first: readonly string[] },
  changedSince: { readonly count: number; readonly first: readonly string[] },
  facts: Readonly<Record<string, unknown>>,
): Failure {
  const parts = [
    ...(changedSince.count === 0
      ? []
      : [
          `${changedSince.count} keys were changed by somebody since and are left alone: ${nameKeys(changedSince.first, changedSince.count)}`,
        ]),
    ...(refused.count === 0
      ? []
      : [`${refused.count} keys were refused: ${nameKeys(refused.first, refused.count)}`]),
  ];
  return new Failure(changedSince.count > 0 ? 'check-failed' : 'repository-denied', parts.join('; '), {
    hint: "All others are as they were before; these are listed in the run's kept folder.",
    facts,
  });
}

function workOf(
  context: TaskContext,
  { concurrency: lanes = usualLanes }: UploadsRestoreParameters,
  store: S3Store,
): Omit<RestoreWork, 'journal' | 'refused'> {
  const { clock, signal, report } = context;
  const pace = createPace({
    clock,
    signal,
    most: lanes,
    random: Math.random,
    onSlowDown: (atATime) => {
      report.note(`the store asks for less: ${atATime} requests at a time`);
    },
  });
  return { store, clock, signal, report, pace, lanes, limits: usualCopyLimits };
}

/** The query runs anew for each pass, so that no pass holds the keys. */
async function openKeys(
  context: TaskContext,
  sql: string,
): Promise<() => AsyncIterable<{ readonly key: string }>> {
  const session = await openRows(context, context.environment.postgres);
  return async function* () {
    const reader = await openReferences(session, sql);
    try {
      yield* reader.rows();
    } finally {
      await session.query('rollback');
    }
  };
}

async function* chosen(
  histories: AsyncIterable<KeyHistory>,
  keys: () => AsyncIterable<{ readonly key: string }>,
): AsyncGenerator<KeyHistory> {
  yield* onlyKeys(histories, keys());
}

async function intoOf(
  context: TaskContext,
  { into }: UploadsRestoreParameters,
  store: S3Store,
): Promise<IntoTarget | undefined> {
  if (into === undefined) return undefined;
  const { bucket, prefix = '' } = into;
  if (bucket === store.location.bucket) {
    throw new Failure('target-refused', `into: ${bucket} is the bucket of the uploads itself`, {
      hint: 'Say another bucket: what is copied would be one of the uploads.',
    });
  }
  const versioning = await readVersioning(versionedInto(store, into), context.signal);
  return { bucket, prefix, versioned: versioning === 'enabled' };
}

function warnOfExpiry(
  { report }: TaskContext,
  { shortest, unknown }: NoncurrentExpiry,
  { atMs }: Instant,
  { time }: StoreClock,
): void {
  if (unknown !== undefined)
    report.warn(`the bucket's lifecycle rules are not known (${unknown}): versions may have expired since`);
  if (shortest === undefined || time.getTime() - atMs < shortest) return;
  report.warn(
    `versions of this bucket may expire ${renderPlanDuration(shortest)} after they are replaced, and the instant is older: ` +
      'a key whose versions are all gone leaves no trace, and is not restored',
  );
}

function suspended({ location }: S3Store): Failure {
  return new Failure(
    'target-refused',
    `versioning of ${location.bucket} is suspended: a write would overwrite`,
    {
      hint: 'Turn versioning on first; keys that were overwritten while it was off are then named.',
    },
  );
}

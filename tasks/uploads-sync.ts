import { defaults } from '../src/language/generated/uploads-sync.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Environment, S3Location } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { counted } from '../src/base/quantity/counted.ts';
import { renderBytes } from '../src/base/quantity/size.ts';
import { openS3, urlOf } from '../src/s3/client.ts';
import { storeWaits } from '../src/task/store-waits.ts';
import type { UploadsSyncParameters } from '../src/language/generated/uploads-sync.types.ts';
import { createNameFilter } from '../src/uploads/sync/name-filter.ts';
import { createSpool, type Spool } from '../src/uploads/sync/spool.ts';
import {
  createSyncState,
  syncFolder,
  type SyncRequest,
  type SyncState,
} from '../src/uploads/sync/sync-folder.ts';
import { reasonOf } from '../src/uploads/sync/system-reason.ts';
import { requireVersions } from '../src/uploads/sync/versioning.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/uploads-sync.schema.json' with { type: 'json' };

const task: Task<UploadsSyncParameters> = {
  name: 'uploads-sync',
  description: 'Brings an uploads bucket to what a folder holds: new and changed files by content',
  needs: ['uploads'],
  writes: ['uploads'],
  others: [{ parameter: 'from', needs: 'uploads' }],
  role: 'other',
  outputs: ['uploaded', 'deleted', 'changes'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Names that the record tells one by one, of each kind. */
const toldNames = 20;

function describe(parameters: UploadsSyncParameters, environment: Environment): readonly string[] {
  const store = environment.uploads?.store;
  const target = store?.kind === 's3' ? urlOf(store.s3) : `the uploads of ${environment.name}`;
  const source = parameters.folder ?? `the uploads of ${parameters.from ?? ''}`;
  const limit = parameters['delete-limit'] ?? defaults['delete-limit'];
  return [
    `${parameters['dry-run'] === true ? 'compare' : 'store'} new and changed files of ${source} in ${target}`,
    ...(parameters.delete === true
      ? [`put delete markers on objects without a file, at most ${String(limit)} % of them`]
      : []),
  ];
}

async function run(context: TaskContext, parameters: UploadsSyncParameters): Promise<TaskResult> {
  const location = bucketOf(context.environment);
  const folder = folderOf(context, parameters);
  const dryRun = parameters['dry-run'] ?? defaults['dry-run'];
  const store = await openS3(location, context.secrets, storeWaits(context));
  const state = createSyncState();
  const changesPath = resolve(parameters.changes ?? join(context.folder, 'changes.ndjson'));
  let changes: Spool | undefined;
  try {
    const root = await rootOf(folder);
    if (parameters['allow-unversioned'] !== true) await requireVersions(store, context.signal);
    changes = await createSpool(changesPath);
    await syncFolder(await requestOf(context, parameters, { store, root, dryRun, changes }), state);
  } catch (error) {
    throw withFacts(error, factsOf(state, { folder, location, dryRun }));
  } finally {
    store.close();
    await changes?.close();
  }
  tell(context, state, parameters);
  const facts = factsOf(state, { folder, location, dryRun });
  failForProblems(state, folder, parameters, facts);
  const { uploaded, deleted, uploadedBytes } = state.counts;
  return {
    outputs: {
      uploaded: String(uploaded),
      deleted: String(deleted),
      ...(parameters.changes !== undefined && { changes: changesPath }),
    },
    ...(!dryRun && uploadedBytes > 0 && { bytes: uploadedBytes }),
    facts,
  };
}

function bucketOf({ name, uploads }: Environment): S3Location {
  if (uploads?.store.kind === 's3') return uploads.store.s3;
  throw new Failure('environment-incomplete', `the uploads of ${name} are not in a bucket`, {
    hint: "uploads-sync writes to a bucket: the step's environment needs 'uploads: { s3: … }'.",
  });
}

function folderOf(context: TaskContext, { from, folder }: UploadsSyncParameters): string {
  if (folder !== undefined) return resolve(folder);
  const store = from === undefined ? undefined : context.environmentNamed(from).uploads?.store;
  if (store?.kind === 'folder') return resolve(store.folder);
  throw new Failure('environment-incomplete', `the uploads of ${String(from)} are not a folder`, {
    hint: "Name an environment that has 'uploads: { folder: … }', or say folder.",
  });
}

/** The folder itself may be named by a link; nothing in it is followed out of it. */
async function rootOf(folder: string): Promise<string> {
  try {
    return await realpath(folder, { encoding: 'latin1' });
  } catch (error) {
    throw new Failure('environment-incomplete', `the folder ${folder} cannot be read: ${reasonOf(error)}`, {
      hint: 'Check the path, its permissions, and that its disk is mounted.',
      where: folder,
    });
  }
}

async function requestOf(
  context: TaskContext,
  parameters: UploadsSyncParameters,
  parts: Pick<SyncRequest, 'store' | 'root' | 'dryRun'> & { readonly changes: Spool },
): Promise<SyncRequest> {
  const { changes, ...rest } = parts;
  return {
    ...rest,
    filter: await createNameFilter({
      include: parameters.include ?? [],
      exclude: parameters.exclude ?? [],
    }),
    symlinks: parameters.symlinks ?? defaults.symlinks,
    deleteLimitPercent:
      parameters.delete === true ? (parameters['delete-limit'] ?? defaults['delete-limit']) : undefined,
    workers: parameters.concurrency ?? defaults.concurrency,
    scratch: context.folder,
    signal: context.signal,
    onProgress: (bytes) => {
      context.report.progress(bytes);
    },
    onChange: async (change) => {
      await changes.add(change);
      if (parts.dryRun && changes.count() <= toldNames)
        context.report.note(`would be ${change.action}: ${change.key}`);
    },
    onPhase: (text) => {
      context.report.phase(text);
    },
  };
}

function tell(
  { report }: TaskContext,
  { counts, skipped, problems }: SyncState,
  parameters: UploadsSyncParameters,
): void {
  const would = parameters['dry-run'] === true ? 'would be ' : '';
  report.note(
    `${String(counts.uploaded)} ${would}uploaded (${renderBytes(counts.uploadedBytes)}), ` +
      `${String(counts.unchanged)} unchanged, ${String(counts.deleted)} ${would}deleted, ${String(skipped.count())} skipped`,
  );
  for (const { name, reason } of skipped.kept.slice(0, toldNames)) report.note(`skipped: ${name} ${reason}`);
  if (skipped.count() > toldNames) report.note(`${String(skipped.count() - toldNames)} more were skipped`);
  for (const { name, reason } of problems.kept.slice(0, toldNames)) report.warn(`${name} ${reason}`);
  if (counts.files === 0) report.warn('the folder has no files that take part');
  if (counts.readBack > 0)
    report.note(
      `${counted(counts.readBack, 'object')} had to be read: nothing beside the content says what it is`,
    );
  if (problems.count() > 0 && parameters.delete === true && counts.extras > 0)
    report.warn(
      `${counted(counts.extras, 'object')} without a file ${counts.extras === 1 ? 'was' : 'were'} kept, because not every file could be read`,
    );
}

/** Everything else was synced; what could not be fails the step by name. */
function failForProblems(
  { problems }: SyncState,
  folder: string,
  { symlinks }: UploadsSyncParameters,
  facts: Readonly<Record<string, unknown>>,
): void {
  const count = problems.count();
  if (count === 0) return;
  const named = problems.kept.slice(0, 3).map(({ name, reason }) => `${name} ${reason}`);
  const more = count > named.length ? `; and ${String(count - named.length)} more` : '';
  throw new Failure(
    'sync-incomplete',
    `${count === 1 ? 'a file' : `${String(count)} files`} of ${folder} could not be synced: ${named.join('; ')}${more}`,
    {
      hint:
        symlinks === 'fail' || symlinks === 'follow'
          ? "All others were synced. Links may be left out by 'symlinks: skip', files by 'exclude'."
          : "All others were synced. Mend these, or leave them out by 'exclude'.",
      facts,
    },
  );
}

function factsOf(
  { counts, skipped, problems }: SyncState,
  {
    folder,
    location,
    dryRun,
  }: { readonly folder: string; readonly location: S3Location; readonly dryRun: boolean },
): Readonly<Record<string, unknown>> {
  return {
    sync: {
      from: folder,
      to: urlOf(location),
      dryRun,
      ...counts,
      skipped: skipped.count(),
      skippedFiles: skipped.kept,
      failed: problems.count(),
      failedFiles: problems.kept,
    },
  };
}

/** What was done before it failed belongs into the record. */
function withFacts(error: unknown, facts: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof Failure)) return error;
  const { code, message, hint, where, cause } = error;
  return new Failure(code, message, {
    ...defined({ hint, where, cause }),
    facts,
  });
}

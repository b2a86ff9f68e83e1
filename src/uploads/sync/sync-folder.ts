import { join } from 'node:path';
import { objectName, type S3 } from '../../s3/client.ts';
import { forEachOf, type PoolOptions } from '../../base/waiting.ts';
import { createBudget } from './budget.ts';
import { bytesOf, type ByteText } from './byte-text.ts';
import { mergeJoin, type Pair } from './merge-join.ts';
import type { NameFilter } from './name-filter.ts';
import { refuseDeletions, removeExtra } from './remove-extras.ts';
import { settleFile, type SettleContext } from './settle-file.ts';
import { createSpool, type Spool } from './spool.ts';
import { listUploads, type StoredUpload } from './stored-uploads.ts';
import { createReasonList, emptyCounts, type ReasonList, type SyncCounts } from './sync-result.ts';
import { walkFolder, type SymlinkPolicy, type WalkedEntry } from './walk-folder.ts';

export interface SyncRequest {
  readonly store: S3;
  /** Real path of the folder. */
  readonly root: ByteText;
  readonly filter: NameFilter;
  readonly symlinks: SymlinkPolicy;
  /** Undefined: nothing is deleted. Otherwise the greatest part of the objects that may go, percent. */
  readonly deleteLimitPercent: number | undefined;
  readonly dryRun: boolean;
  readonly workers: number;
  /** A folder for lists that are too long for memory. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Bytes read and sent so far. */
  readonly onProgress: (bytes: number) => void;
  /** Each key that became another, in no promised order. */
  readonly onChange: (change: Change) => Promise<void>;
  readonly onPhase: (text: string) => void;
}

export interface Change {
  readonly key: string;
  readonly action: 'uploaded' | 'deleted';
  readonly bytes?: number;
}

/** What a sync leaves to tell, also one that failed on its way. */
export interface SyncState {
  readonly counts: SyncCounts;
  readonly skipped: ReasonList;
  readonly problems: ReasonList;
}

export function createSyncState(): SyncState {
  return { counts: emptyCounts(), skipped: createReasonList(), problems: createReasonList() };
}

/** Longest key that S3 takes, bytes of UTF-8: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const longestKey = 1024;

/** What all files in hand may take of memory, bytes: one large file in parts, or many small ones. */
const memoryBytes = 64 * 1024 * 1024;

/**
 * Makes the bucket's current objects those of the folder: both are read in the order of their names, side by side, so
 * memory does not grow with them. Deletions come last, and only when every file could be read; what was skipped or
 * filtered out is never deleted. Files that could not be synced are in `state.problems`.
 * @throws Failure `repository-*`, `target-refused` for too many deletions
 */
export async function syncFolder(request: SyncRequest, state: SyncState): Promise<void> {
  const extras = await createSpool(join(request.scratch, 'extras'));
  try {
    request.onPhase('comparing and uploading');
    const settle = settleContext(request, state);
    await forEachOf(
      (signal) => pairsOf(request, signal),
      poolOf(request),
      (pair, signal) => settlePair(request, state, { ...settle, signal }, extras, pair),
    );
    state.counts.extras = extras.count();
    if (request.deleteLimitPercent === undefined || state.problems.count() > 0) return;
    await removeExtras(request, state, extras, request.deleteLimitPercent);
  } finally {
    await extras.close();
  }
}

/** Objects below a name that was skipped or could not be read are left out: nobody knows whether they have a file. */
async function* pairsOf(
  { store, root, filter, symlinks, scratch }: SyncRequest,
  signal: AbortSignal,
): AsyncGenerator<Pair<WalkedEntry, StoredUpload>> {
  const longestName = longestKey - bytesOf(objectName(store.location, '')).length;
  const entries = walkFolder(root, { filter, symlinks, longestName, signal, scratch });
  const unknown = new Set<ByteText>();
  for await (const pair of mergeJoin(entries, takenUploads(store, filter, signal))) {
    if (pair.left === undefined && isBelow(unknown, pair.right.name)) continue;
    if (pair.left !== undefined && pair.left.kind !== 'file') unknown.add(pair.left.name.replace(/\/$/, ''));
    yield pair;
  }
}

async function* takenUploads(
  store: S3,
  filter: NameFilter,
  signal: AbortSignal,
): AsyncGenerator<StoredUpload> {
  for await (const object of listUploads(store, signal)) if (filter.takes(object.key)) yield object;
}

function settleContext(request: SyncRequest, { counts }: SyncState): Omit<SettleContext, 'signal'> {
  let bytes = 0;
  return {
    store: request.store,
    root: request.root,
    dryRun: request.dryRun,
    memory: createBudget(memoryBytes),
    onBytes: (more) => {
      bytes += more;
      request.onProgress(bytes);
    },
    onReadBack: () => {
      counts.readBack += 1;
    },
  };
}

async function settlePair(
  request: SyncRequest,
  { counts, skipped, problems }: SyncState,
  settle: SettleContext,
  extras: Spool,
  pair: Pair<WalkedEntry, StoredUpload>,
): Promise<void> {
  // A sign of life also where nothing is to be sent.
  settle.onBytes(0);
  if (pair.right !== undefined) counts.objects += 1;
  if (pair.left === undefined) {
    await extras.add({ key: pair.right.key });
    return;
  }
  const entry = pair.left;
  if (entry.kind !== 'file') {
    (entry.kind === 'problem' ? problems : skipped).add(entry.name, entry.reason);
    return;
  }
  counts.files += 1;
  const settled = await settleFile(settle, entry, pair.right);
  switch (settled.outcome) {
    case 'uploaded':
      counts.uploaded += 1;
      counts.uploadedBytes += settled.bytes;
      await request.onChange({
        key: Buffer.from(entry.name, 'latin1').toString(),
        action: 'uploaded',
        bytes: settled.bytes,
      });
      break;
    case 'unchanged':
      counts.unchanged += 1;
      break;
    case 'skipped':
      skipped.add(entry.name, settled.reason);
      break;
    case 'problem':
      problems.add(entry.name, settled.reason);
      break;
  }
}

function isBelow(names: ReadonlySet<ByteText>, name: ByteText): boolean {
  if (names.size === 0) return false;
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
    if (names.has(name.slice(0, slash))) return true;
  }
  return false;
}

async function removeExtras(
  request: SyncRequest,
  { counts }: SyncState,
  extras: Spool,
  limitPercent: number,
): Promise<void> {
  const { store, root, dryRun } = request;
  refuseDeletions(store, { ...counts, limitPercent });
  if (extras.count() === 0) return;
  request.onPhase('deleting');
  await forEachOf(extras.lines(), poolOf(request), async (line, signal) => {
    const { key } = line as { readonly key: string };
    if (!(await removeExtra(store, root, key, { dryRun, signal }))) return;
    counts.deleted += 1;
    counts.extras -= 1;
    await request.onChange({ key, action: 'deleted' });
  });
}

function poolOf({ workers, signal }: SyncRequest): PoolOptions {
  return { atOnce: workers, signal };
}

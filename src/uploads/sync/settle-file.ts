import { createHash } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import type { S3 } from '../../s3/client.ts';
import { partsInFlight } from '../../s3/part-buffer.ts';
import { basePartSize } from '../../s3/part-sizes.ts';
import type { Budget } from './budget.ts';
import { keyOf, type ByteText } from './byte-text.ts';
import { FileChanged, openFile, type OpenFile } from './open-file.ts';
import { hasContent, isPlainMd5, type Digests } from './same-content.ts';
import { storeBytes, storeParts } from './store-file.ts';
import type { StoredUpload } from './stored-uploads.ts';
import { codeOf, reasonOf } from './system-reason.ts';
import type { WalkedEntry } from './walk-folder.ts';

export interface SettleContext {
  readonly store: S3;
  /** Real path of the folder. */
  readonly root: ByteText;
  readonly dryRun: boolean;
  /** Memory for file contents. */
  readonly memory: Budget;
  readonly signal: AbortSignal;
  /** Bytes read from a file or sent. */
  readonly onBytes: (bytes: number) => void;
  /** An object had to be read, because nothing else says what it holds. */
  readonly onReadBack: () => void;
}

/** What became of a file: stored, found there already, gone meanwhile, or why not. */
export type Settled =
  | { readonly outcome: 'uploaded' | 'unchanged'; readonly bytes: number }
  | { readonly outcome: 'skipped' | 'problem'; readonly reason: string };

/** Files up to this size are read once, whole, and sent in one request, bytes. */
const wholeFileBytes = 16 * 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const largestObject = 5 * 1024 ** 4;

/**
 * Makes the object what the file is, unless it is already. A file that changes while it is read is tried once more.
 * What is wrong with the file is an outcome; what is wrong with the store is thrown, as `Failure`.
 */
export async function settleFile(
  context: SettleContext,
  file: WalkedEntry & { readonly kind: 'file' },
  object: StoredUpload | undefined,
): Promise<Settled> {
  try {
    return await settleOnce(context, file, object).catch(async (error: unknown) => {
      if (!(error instanceof FileChanged)) throw error;
      return await settleOnce(context, file, object);
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof FileChanged) return { outcome: 'problem', reason: 'changes while it is read' };
    const code = codeOf(error);
    if (error instanceof Failure || code === undefined) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { outcome: 'skipped', reason: 'is gone since the folder was listed' };
    return { outcome: 'problem', reason: `cannot be read: ${reasonOf(error)}` };
  }
}

async function settleOnce(
  context: SettleContext,
  { name, path }: WalkedEntry & { readonly kind: 'file' },
  object: StoredUpload | undefined,
): Promise<Settled> {
  const key = keyOf(name);
  if (key === undefined) throw new Error('the walk lets no other names through');
  const file = await openFile(context.root, path);
  try {
    if (file.bytes > largestObject)
      return { outcome: 'problem', reason: 'is larger than the 5 TiB that S3 takes' };
    const isWhole = file.bytes <= wholeFileBytes;
    const giveBack = await context.memory.take(
      isWhole ? file.bytes : partsInFlight * basePartSize(file.bytes),
    );
    try {
      return isWhole
        ? await settleWhole(context, key, file, object)
        : await settleLarge(context, key, file, object);
    } finally {
      giveBack();
    }
  } finally {
    await file.close();
  }
}

/** Compares and sends the same bytes, so that nothing can come between. */
async function settleWhole(
  context: SettleContext,
  key: string,
  file: OpenFile,
  object: StoredUpload | undefined,
): Promise<Settled> {
  const { store, signal, dryRun } = context;
  const content = await file.whole();
  await file.checkUnchanged();
  const digests = await digestsOf([content], md5Wanted(object, file));
  context.onBytes(content.length);
  if (await isStored(context, file, object, digests)) return { outcome: 'unchanged', bytes: file.bytes };
  if (!dryRun) await storeBytes({ store, key, sha256: digests.sha256, signal }, content);
  return { outcome: 'uploaded', bytes: file.bytes };
}

async function settleLarge(
  context: SettleContext,
  key: string,
  file: OpenFile,
  object: StoredUpload | undefined,
): Promise<Settled> {
  const { store, signal, dryRun, onBytes } = context;
  const digests = await digestsOf(counted(file.chunks(signal), onBytes), md5Wanted(object, file));
  await file.checkUnchanged();
  if (await isStored(context, file, object, digests)) return { outcome: 'unchanged', bytes: file.bytes };
  if (!dryRun) await storeParts({ store, key, sha256: digests.sha256, signal }, file, onBytes);
  return { outcome: 'uploaded', bytes: file.bytes };
}

function md5Wanted(object: StoredUpload | undefined, { bytes }: OpenFile): boolean {
  return object?.bytes === bytes && isPlainMd5(object.etag);
}

async function isStored(
  { store, signal, onReadBack }: SettleContext,
  { bytes }: OpenFile,
  object: StoredUpload | undefined,
  digests: Digests,
): Promise<boolean> {
  return object?.bytes === bytes && (await hasContent(store, object, digests, signal, onReadBack));
}

async function digestsOf(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  withMd5: boolean,
): Promise<Digests> {
  const sha256 = createHash('sha256');
  const md5 = withMd5 ? createHash('md5') : undefined;
  for await (const chunk of chunks) {
    sha256.update(chunk);
    md5?.update(chunk);
  }
  return { sha256: sha256.digest('hex'), md5: md5?.digest('hex') };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    onBytes(chunk.length);
  }
}

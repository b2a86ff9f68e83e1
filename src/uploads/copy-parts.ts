import type { S3Store } from '../store/s3-client.ts';
import { statusOf } from '../store/s3-failure.ts';
import { cannotCopy, readVersion } from './copy-through.ts';
import type { CopyTarget } from './copy-version.ts';
import { forEachOf } from '../base/waiting.ts';
import { encodeTags, tagsOf } from './same-object.ts';
import { contentHeaders, copyOfName, storageHeaders, type VersionHead } from './version-head.ts';

/** Parts of one object that are copied at once. */
const partsAtOnce = 4;
/** For aborting after a failure or a signal: a run must end within 10 s of one. */
const abortLimitMs = 5_000;

interface PartsSource {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  /** As the header x-amz-copy-source. */
  readonly from: string;
  readonly head: VersionHead;
}

/**
 * Copies a version that is too large for one request, in ranges. Its ETag will be another, so it bears a mark. Nothing
 * of it is left when it fails. Errors are the store's own.
 */
export async function copyInParts(
  store: S3Store,
  source: PartsSource,
  target: CopyTarget,
  { partBytes, signal }: { readonly partBytes: number; readonly signal: AbortSignal },
): Promise<string | null> {
  const { sdk, client } = store;
  const place = { Bucket: target.bucket, Key: target.name };
  const tags = (await tagsOf(store, source.key, source.versionId, signal)) ?? [];
  const { UploadId } = await client.send(
    new sdk.CreateMultipartUploadCommand({
      ...place,
      ...contentHeaders(source.head),
      ...storageHeaders(source.head),
      Metadata: { ...source.head.Metadata, [copyOfName]: source.versionId },
      ...(tags.length > 0 && { Tagging: encodeTags(tags) }),
    }),
    { abortSignal: signal },
  );
  try {
    const etags: (string | undefined)[] = [];
    await forEachOf(
      ranges(source.bytes, partBytes),
      { atOnce: partsAtOnce, signal },
      async ({ number, ...range }, own) => {
        const part = { ...place, UploadId, PartNumber: number };
        etags[number - 1] = await copyPart(store, source, part, range, own);
      },
    );
    const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
    const answer = await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts } }),
      { abortSignal: signal },
    );
    const made = answer.VersionId ?? (await currentCopy(store, target, source.versionId, signal));
    await tagMade(store, target, made, tags, signal);
    return made;
  } catch (error) {
    const limit = AbortSignal.timeout(abortLimitMs);
    // The failure that led here is the one to tell; a rule of the bucket ends what is left.
    await client
      .send(new sdk.AbortMultipartUploadCommand({ ...place, UploadId }), { abortSignal: limit })
      .catch(() => undefined);
    throw error;
  }
}

/** First and last byte of a part, both in it. */
interface ByteRange {
  readonly first: number;
  readonly last: number;
}

function* ranges(bytes: number, partBytes: number): Generator<ByteRange & { readonly number: number }> {
  for (let first = 0, number = 1; first < bytes; first += partBytes, number += 1)
    yield { number, first, last: Math.min(first + partBytes, bytes) - 1 };
}

/** Gives the part's ETag. */
async function copyPart(
  store: S3Store,
  source: PartsSource,
  part: {
    readonly Bucket: string;
    readonly Key: string;
    readonly UploadId: string | undefined;
    readonly PartNumber: number;
  },
  { first, last }: ByteRange,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { sdk, client } = store;
  const range = `bytes=${first}-${last}`;
  try {
    const copy = new sdk.UploadPartCopyCommand({
      ...part,
      CopySource: source.from,
      CopySourceRange: range,
    });
    return (await client.send(copy, { abortSignal: signal })).CopyPartResult?.ETag;
  } catch (error) {
    if (!cannotCopy(error)) throw error;
  }
  const body = await readVersion(store, source, range, signal);
  try {
    const put = new sdk.UploadPartCommand({ ...part, Body: body, ContentLength: last - first + 1 });
    return (await client.send(put, { abortSignal: signal })).ETag;
  } finally {
    body.destroy();
  }
}

/** The current version's id when its mark says that it is this copy. */
async function currentCopy(
  { sdk, client }: S3Store,
  target: CopyTarget,
  versionId: string,
  signal: AbortSignal,
): Promise<string | null> {
  const command = new sdk.HeadObjectCommand({ Bucket: target.bucket, Key: target.name });
  const head = await client.send(command, { abortSignal: signal });
  return head.Metadata?.[copyOfName] === versionId ? (head.VersionId ?? null) : null;
}

/** Some stores (Ceph) drop the tags that such an upload begins with; Amazon keeps them. */
async function tagMade(
  { sdk, client, location }: S3Store,
  target: CopyTarget,
  made: string | null,
  tags: readonly { readonly Key: string; readonly Value: string }[],
  signal: AbortSignal,
): Promise<void> {
  if (tags.length === 0 || made === null || location.endpoint === undefined) return;
  try {
    await client.send(
      new sdk.PutObjectTaggingCommand({
        Bucket: target.bucket,
        Key: target.name,
        VersionId: made,
        Tagging: { TagSet: [...tags] },
      }),
      { abortSignal: signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    const status = statusOf(error);
    if (status !== 501 && status !== 405) throw error;
  }
}

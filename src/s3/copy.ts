import { defined } from '../base/defined.ts';
import type * as Sdk from '@aws-sdk/client-s3';
import { forEachOf } from '../base/waiting.ts';
import { ask } from './ask.ts';
import { objectName, type S3 } from './client.ts';
import { openBody, type ByteRange } from './download.ts';
import { isNamed, statusOf } from './failure.ts';
import { plainEtag } from './listing.ts';
import { encodeTags, headVersion, putObject, tagMade, tagsOf, targetOf, type ObjectHead } from './object.ts';
import { abandonParts, beginParts, completeParts } from './upload.ts';
import type { ObjectVersion } from './versions.ts';

/** Sizes in bytes at which the way of copying changes: S3's own, smaller in tests. */
export interface CopyLimits {
  /** What one CopyObject takes. */
  readonly singleBytes: number;
  /** Of one part of a larger object; at least 5 MiB, all but the last. */
  readonly partBytes: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html; parts of 512 MiB reach 5 TiB with 10,000. */
export const usualCopyLimits: CopyLimits = { singleBytes: 5 * 1024 ** 3, partBytes: 512 * 1024 ** 2 };

/** Metadata that a copy bears when nothing else could tell later what it is a copy of: the version's id. */
export const copyOfName = 'run-plan-copy-of';

/** Parts of one object that are copied at once. */
const partsAtOnce = 4;

/** A version that is copied, all that it is, and where its copy goes under the same key. */
interface Copy {
  readonly s3: S3;
  readonly source: Pick<ObjectVersion, 'key' | 'versionId' | 'bytes'>;
  readonly target: S3;
  readonly head: ObjectHead;
  readonly signal: AbortSignal;
}

/**
 * Copies a version of a key within the store, with its metadata, tags, encryption and storage class. `head` is needed
 * for every one: only it tells the encryption, and a copy takes the bucket's default otherwise. Gives the id of the
 * version that was made; null where the store does not tell it (Ceph). `target` is the same store at another place, or
 * this one.
 * @throws Failure `repository-*`
 */
export async function copyVersion(
  s3: S3,
  source: Copy['source'],
  target: S3,
  head: ObjectHead,
  { limits, signal }: { readonly limits: CopyLimits; readonly signal: AbortSignal },
): Promise<string | null> {
  const copy = { s3, source, target, head, signal };
  if (source.bytes > limits.singleBytes) return copyInParts(copy, limits.partBytes);
  try {
    const { VersionId } = await ask(
      target,
      { action: 'store', key: source.key, signal },
      (sdk) =>
        new sdk.CopyObjectCommand({
          ...targetOf(target, source.key),
          CopySource: sourceOf(copy),
          TaggingDirective: 'COPY',
          ...metadataOf(head, source.versionId),
          ...storageHeaders(head),
        }),
    );
    return VersionId ?? null;
  } catch (error) {
    signal.throwIfAborted();
    if (!cannotCopy(error)) throw error;
    return copyThrough(copy);
  }
}

/**
 * Whether a store has refused to copy by itself: Ceph does for what is encrypted with a key
 * (https://docs.ceph.com/en/latest/radosgw/encryption/).
 */
function cannotCopy(error: unknown): boolean {
  return statusOf(error) === 501;
}

/**
 * The store copies the metadata itself, exactly, wherever the ETag will tell later that this is a copy. Otherwise it is
 * given anew with a mark.
 */
function metadataOf(head: ObjectHead, versionId: string): Partial<Sdk.CopyObjectCommandInput> {
  if (!isEtagLost(head)) return { MetadataDirective: 'COPY' };
  return {
    MetadataDirective: 'REPLACE',
    ...contentHeaders(head),
    Metadata: { ...head.Metadata, [copyOfName]: versionId },
  };
}

/** All that a version has and a mark, for a copy that the store does not make by itself. */
function attributesOf({ head, source }: Copy, tags: readonly { Key: string; Value: string }[]) {
  return {
    ...contentHeaders(head),
    ...storageHeaders(head),
    Metadata: { ...head.Metadata, [copyOfName]: source.versionId },
    ...(tags.length > 0 && { Tagging: encodeTags(tags) }),
  };
}

/** Copies a version by reading and writing it. */
async function copyThrough(copy: Copy): Promise<string | null> {
  const { s3, source, target, signal } = copy;
  const { key, versionId, bytes } = source;
  const tags = (await tagsOf(s3, key, versionId, signal)) ?? [];
  const open = async () => (await openBody(s3, key, { versionId, signal })).body;
  const attributes = { ...attributesOf(copy, tags), ContentLength: bytes };
  return (await putObject(target, key, open, attributes, signal)) ?? null;
}

/**
 * Copies a version that is too large for one request, in ranges. Its ETag will be another, so it bears a mark. Nothing
 * of it is left when it fails.
 */
async function copyInParts(copy: Copy, partBytes: number): Promise<string | null> {
  const { s3, source, target, signal } = copy;
  const { key, versionId } = source;
  const tags = (await tagsOf(s3, key, versionId, signal)) ?? [];
  const uploadId = await beginParts(target, key, attributesOf(copy, tags), signal);
  try {
    const etags: (string | undefined)[] = [];
    await forEachOf(
      ranges(source.bytes, partBytes),
      { atOnce: partsAtOnce, signal },
      async ({ number, ...range }, own) => {
        const place = { ...targetOf(target, key), UploadId: uploadId, PartNumber: number };
        etags[number - 1] = await copyPart({ ...copy, signal: own }, place, range);
      },
    );
    const parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
    const made = await completed(copy, uploadId, parts);
    if (made !== null) await tagMade(target, key, tags, { versionId: made, signal });
    return made;
  } catch (error) {
    // The failure that led here is the one to tell; a rule of the bucket ends what is left.
    await abandonParts(target, key, uploadId);
    throw error;
  }
}

/** One that an earlier try has completed, its answer lost, is known by the mark of what is current. */
async function completed(
  copy: Copy,
  uploadId: string,
  parts: readonly Sdk.CompletedPart[],
): Promise<string | null> {
  const { source, target, signal } = copy;
  try {
    const made = await completeParts(target, source.key, uploadId, parts, { signal });
    return made ?? (await currentCopy(copy))?.VersionId ?? null;
  } catch (error) {
    signal.throwIfAborted();
    const found = isNamed(error, 'NoSuchUpload') ? await currentCopy(copy) : undefined;
    if (found === undefined) throw error;
    return found.VersionId ?? null;
  }
}

/** The current version when its mark says that it is this copy. */
async function currentCopy({ source, target, signal }: Copy): Promise<ObjectHead | undefined> {
  const head = await headVersion(target, source.key, undefined, signal);
  return head.Metadata?.[copyOfName] === source.versionId ? head : undefined;
}

function* ranges(bytes: number, partBytes: number): Generator<ByteRange & { readonly number: number }> {
  for (let first = 0, number = 1; first < bytes; first += partBytes, number += 1)
    yield { number, first, last: Math.min(first + partBytes, bytes) - 1 };
}

/** Gives the part's ETag. */
async function copyPart(
  copy: Copy,
  place: Omit<Sdk.UploadPartCommandInput, 'Body'>,
  range: ByteRange,
): Promise<string | undefined> {
  const { s3, source, target, signal } = copy;
  const { key, versionId } = source;
  const question = { action: 'store' as const, key, signal };
  const CopySourceRange = `bytes=${range.first}-${range.last}`;
  try {
    const answer = await ask(
      target,
      question,
      (sdk) => new sdk.UploadPartCopyCommand({ ...place, CopySource: sourceOf(copy), CopySourceRange }),
    );
    return answer.CopyPartResult?.ETag;
  } catch (error) {
    signal.throwIfAborted();
    if (!cannotCopy(error)) throw error;
  }
  const ContentLength = range.last - range.first + 1;
  const { ETag } = await ask(target, question, async (sdk) => {
    const { body } = await openBody(s3, key, { range, versionId, signal });
    return new sdk.UploadPartCommand({ ...place, Body: body, ContentLength });
  });
  return ETag;
}

function sourceOf({ s3, source }: Copy): string {
  return copySource(s3.location.bucket, objectName(s3.location, source.key), source.versionId);
}

/**
 * The header is a path and is decoded by the store: every byte that is not unreserved is encoded, but for the slashes
 * between parts. `encodeURIComponent` leaves !'()* as they are, which a signature may not.
 */
export function copySource(bucket: string, name: string, versionId: string): string {
  const path = name.split('/').map(encodeStrictly).join('/');
  return `${bucket}/${path}?versionId=${encodeStrictly(versionId)}`;
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Whether a copy gets another ETag than its source, as far as anybody can know: one of parts, or one encrypted with a
 * key of KMS. Such a copy bears the source's version id in its metadata.
 */
export function isEtagLost(head: ObjectHead): boolean {
  return plainEtag(head.ETag).includes('-') || head.ServerSideEncryption?.startsWith('aws:kms') === true;
}

/** Headers that belong to the object and that a copy in parts, or with other metadata, must be given anew. */
export function contentHeaders(head: ObjectHead) {
  const names = [
    'ContentType',
    'CacheControl',
    'ContentDisposition',
    'ContentEncoding',
    'ContentLanguage',
    'WebsiteRedirectLocation',
  ] as const;
  const given = names.filter((name) => head[name] !== undefined).map((name) => [name, head[name]] as const);
  const expires = new Date(head.ExpiresString ?? Number.NaN);
  return {
    ...(Object.fromEntries(given) as Partial<Record<(typeof names)[number], string>>),
    ...(!Number.isNaN(expires.getTime()) && { Expires: expires }),
  };
}

/**
 * How a copy is kept: a copy takes the bucket's default encryption unless it is told otherwise, and the STANDARD class
 * (Amazon) or its source's (Ceph). A version that lay in an archived class comes back in STANDARD, because the application
 * could not read it there.
 */
function storageHeaders({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, StorageClass }: ObjectHead) {
  return {
    ...defined({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }),
    StorageClass:
      StorageClass === undefined || isArchivedClass(StorageClass) ? ('STANDARD' as const) : StorageClass,
  };
}

/** Classes whose objects must be requested back before anybody can read them. */
export function isArchivedClass(storageClass: string): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}

import type * as Sdk from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { ask } from './ask.ts';
import { objectName, type S3 } from './client.ts';
import { Failure } from '../base/failure.ts';
import { isNamed, statusOf } from './failure.ts';

/** All that an object is besides its content, as the store's interface has it. */
export type ObjectHead = Sdk.HeadObjectCommandOutput;
/** What an object is made with. */
export type ObjectAttributes = Omit<Sdk.PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>;
export type StorageClass = Sdk.StorageClass;

/** One tag, as the store's interface has it. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** An object by its bucket and name. */
export function targetOf({ location }: S3, key: string): { readonly Bucket: string; readonly Key: string } {
  return { Bucket: location.bucket, Key: objectName(location, key) };
}

function versioned(versionId: string | undefined): { readonly VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}

/** A version of a key, or the current one. @throws Failure `repository-*`; `repository-missing` when there is none */
export function headVersion(
  s3: S3,
  key: string,
  versionId: string | undefined,
  signal?: AbortSignal,
): Promise<ObjectHead> {
  return ask(
    s3,
    { action: 'read', key, signal },
    (sdk) => new sdk.HeadObjectCommand({ ...targetOf(s3, key), ...versioned(versionId) }),
  );
}

/** As `headVersion`; undefined when there is no such object. @throws Failure `repository-*` */
export async function headObject(
  s3: S3,
  key: string,
  signal?: AbortSignal,
  versionId?: string,
): Promise<ObjectHead | undefined> {
  try {
    return await headVersion(s3, key, versionId, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Puts an object, or a version on top, in one request; gives the version's id where the store tells it. `open` is asked
 * for the body of each try.
 * @throws Failure `repository-*`
 */
export async function putObject(
  s3: S3,
  key: string,
  body: Uint8Array | string | (() => Promise<Readable>),
  attributes: ObjectAttributes,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { VersionId } = await ask(s3, { action: 'store', key, signal }, async (sdk) => {
    const Body = typeof body === 'function' ? await body() : body;
    return new sdk.PutObjectCommand({ ...targetOf(s3, key), ...attributes, Body });
  });
  return VersionId;
}

/** Puts an object that asks to be encrypted; gives how the store says that it is. @throws Failure `repository-*` */
export async function encryptionOfUpload(
  s3: S3,
  key: string,
  attributes: ObjectAttributes,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await ask(
    s3,
    { action: 'store', key, signal },
    (sdk) => new sdk.PutObjectCommand({ ...targetOf(s3, key), Body: 'probe', ...attributes }),
  );
  return answer.ServerSideEncryption;
}

/** Removes an object, or puts a marker on it where the bucket keeps versions; `versionId` removes that version for good. Gives the marker's id, where the store tells it. @throws Failure `repository-*` */
export async function removeObject(
  s3: S3,
  key: string,
  {
    versionId,
    signal,
  }: { readonly versionId?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<string | undefined> {
  const { VersionId } = await ask(
    s3,
    { action: 'remove', key, signal },
    (sdk) => new sdk.DeleteObjectCommand({ ...targetOf(s3, key), ...versioned(versionId) }),
  );
  return VersionId;
}

/** A version's tags, sorted by name; undefined where the store has none or they may not be read. @throws Failure `repository-*` */
export async function tagsOf(
  s3: S3,
  key: string,
  versionId: string,
  signal: AbortSignal,
): Promise<readonly Tag[] | undefined> {
  try {
    const { TagSet = [] } = await ask(
      s3,
      { action: 'read', key, signal },
      (sdk) => new sdk.GetObjectTaggingCommand({ ...targetOf(s3, key), VersionId: versionId }),
    );
    return TagSet.map(({ Key = '', Value = '' }) => ({ Key, Value })).sort((one, other) =>
      one.Key < other.Key ? -1 : 1,
    );
  } catch (error) {
    signal.throwIfAborted();
    if ([403, 404, 405, 501].includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

/**
 * Tags an object that was made of parts, because some stores (Ceph 16) drop the tags that such an upload begins with, and
 * lifecycle rules go by them. AWS does not, and may allow tags only with the upload.
 * @throws Failure `repository-*`; not where the store has no tags at all
 */
export async function tagMade(
  s3: S3,
  key: string,
  tags: readonly Tag[],
  { versionId, signal }: { readonly versionId?: string; readonly signal: AbortSignal },
): Promise<void> {
  if (tags.length === 0 || s3.location.endpoint === undefined) return;
  const Tagging = { TagSet: [...tags] };
  try {
    await ask(
      s3,
      { action: 'store', key, signal },
      (sdk) => new sdk.PutObjectTaggingCommand({ ...targetOf(s3, key), ...versioned(versionId), Tagging }),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (![405, 501].includes(statusOf(error) ?? 0)) throw error;
  }
}

/** As the header x-amz-tagging, with %20 for spaces: not every store takes the + of forms. */
export function encodeTags(tags: Readonly<Record<string, string>> | readonly Tag[]): string {
  const pairs = isList(tags) ? tags.map(({ Key, Value }) => [Key, Value]) : Object.entries(tags);
  return pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
}

function isList(tags: Readonly<Record<string, string>> | readonly Tag[]): tags is readonly Tag[] {
  return Array.isArray(tags);
}

/** Asks an archived version back for some days. Whether it is on its way; undefined where the store has no such thing. @throws Failure `repository-*` */
export async function requestBack(
  s3: S3,
  key: string,
  versionId: string,
  { days, tier, signal }: { readonly days: number; readonly tier: Sdk.Tier; readonly signal: AbortSignal },
): Promise<true | undefined> {
  const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: tier } };
  try {
    await ask(
      s3,
      { action: 'read', key, permission: 's3:RestoreObject', signal },
      (sdk) => new sdk.RestoreObjectCommand({ ...targetOf(s3, key), VersionId: versionId, RestoreRequest }),
    );
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isNamed(error, 'RestoreAlreadyInProgress')) return true;
    // A store where the class is only a name: its objects can be read all the time.
    if ([405, 501].includes(statusOf(error) ?? 0)) return undefined;
    throw error;
  }
}

/** Puts a legal hold on a version, or takes it away. @throws Failure `repository-*` */
export async function holdVersion(
  s3: S3,
  key: string,
  versionId: string | undefined,
  isHeld: boolean,
  signal: AbortSignal,
): Promise<void> {
  const LegalHold = { Status: isHeld ? ('ON' as const) : ('OFF' as const) };
  await ask(
    s3,
    { action: 'store', key, signal },
    (sdk) => new sdk.PutObjectLegalHoldCommand({ ...targetOf(s3, key), ...versioned(versionId), LegalHold }),
  );
}

/** Of the empty text: right for no body but that. */
const wrongMd5 = createHash('md5').digest('base64');

/**
 * Sends an upload whose checksum is wrong, and gives the name of the error: a store that takes uploads says that it is
 * wrong and stores nothing, one that refuses them says so. Whatever is stored all the same is removed. `attributes` are
 * those that uploads are made with, where a policy asks for them. Never rejects.
 */
export async function trialUpload(s3: S3, attributes: ObjectAttributes = {}): Promise<string> {
  const key = '.run-plan-trial';
  try {
    const versionId = await putObject(s3, key, 'trial', { ...attributes, ContentMD5: wrongMd5 });
    await removeObject(s3, key, { versionId });
    return 'stored';
  } catch (error) {
    return error instanceof Failure ? (error.fields.errorName ?? 'unknown') : 'unknown';
  }
}

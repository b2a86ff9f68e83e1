import { statusOf } from '../../store/s3-failure.ts';
import type { Ground } from './ground.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

/** Of the empty text: right for no body but that. */
const wrongMd5 = '1B2M2Y8AsgTpgAmY7PhCfg==';
const wrongSha256 = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
const badRequest = 400;
const preconditionFailed = 412;

/** Whether an upload with a wrong checksum is refused, by the old header or by the new ones. */
export async function probeChecksum(
  { store, signal }: Ground,
  kind: 'content-md5' | 'checksums',
): Promise<Verdict> {
  const { sdk, client, location } = store;
  const wrong = kind === 'content-md5' ? { ContentMD5: wrongMd5 } : { ChecksumSHA256: wrongSha256 };
  const command = new sdk.PutObjectCommand({
    Bucket: location.bucket,
    Key: 'checked',
    Body: 'probe',
    ...wrong,
  });
  try {
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    return statusOf(error) === badRequest ? has('a wrong checksum is refused') : refusal(error);
  }
  return lacks('an upload with a wrong checksum was stored');
}

/** Whether `If-None-Match: *` keeps an upload from replacing an object. */
export async function probeConditionalPut(ground: Ground): Promise<Verdict> {
  const { store, signal } = ground;
  const { sdk, client, location } = store;
  const target = { Bucket: location.bucket, Key: 'once', Body: 'probe' };
  await client.send(new sdk.PutObjectCommand(target), { abortSignal: signal });
  return refusedAsPresent(() =>
    client.send(new sdk.PutObjectCommand({ ...target, IfNoneMatch: '*' }), { abortSignal: signal }),
  );
}

/** The same where an upload in parts is put together. */
export async function probeConditionalMultipart({ store, signal }: Ground): Promise<Verdict> {
  const { sdk, client, location } = store;
  const target = { Bucket: location.bucket, Key: 'once' };
  const options = { abortSignal: signal };
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target), options);
  const part = await client.send(
    new sdk.UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: 'probe' }),
    options,
  );
  return refusedAsPresent(() =>
    client.send(
      new sdk.CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        IfNoneMatch: '*',
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part.ETag }] },
      }),
      options,
    ),
  );
}

async function refusedAsPresent(send: () => Promise<unknown>): Promise<Verdict> {
  try {
    await send();
  } catch (error) {
    if (statusOf(error) === preconditionFailed) return has('If-None-Match keeps what is there');
    return refusal(error);
  }
  return lacks('If-None-Match is passed over: the object was replaced');
}

/** Whether an upload that asks to be encrypted says that it is. `key` is for `aws:kms`. */
export async function probeUploadEncryption(
  { store, signal }: Ground,
  algorithm: 'AES256' | 'aws:kms',
  key?: string,
): Promise<Verdict> {
  const { sdk, client, location } = store;
  const command = new sdk.PutObjectCommand({
    Bucket: location.bucket,
    Key: 'encrypted',
    Body: 'probe',
    ServerSideEncryption: algorithm,
    ...(key !== undefined && { SSEKMSKeyId: key }),
  });
  try {
    const { ServerSideEncryption } = await client.send(command, { abortSignal: signal });
    return ServerSideEncryption === algorithm
      ? has('an upload that asks for it is encrypted')
      : lacks('an upload that asks for it is stored without');
  } catch (error) {
    return withoutKey(refusal(error), algorithm, key);
  }
}

/** A store of no key of its own cannot be tried without one. */
export function withoutKey(verdict: Verdict, algorithm: string, key: string | undefined): Verdict {
  return verdict.state === 'no' && algorithm === 'aws:kms' && key === undefined
    ? { state: 'unknown', found: `${verdict.found}, and the YAML names no key to try it with` }
    : verdict;
}

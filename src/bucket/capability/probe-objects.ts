import { defined } from '../../base/defined.ts';
import { statusOf } from '../../s3/failure.ts';
import { encryptionOfUpload, putObject } from '../../s3/object.ts';
import { beginParts, completeParts, sendPart } from '../../s3/upload.ts';
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
  const wrong = kind === 'content-md5' ? { ContentMD5: wrongMd5 } : { ChecksumSHA256: wrongSha256 };
  try {
    await putObject(store, 'checked', 'probe', wrong, signal);
  } catch (error) {
    return statusOf(error) === badRequest ? has('a wrong checksum is refused') : refusal(error);
  }
  return lacks('an upload with a wrong checksum was stored');
}

/** Whether `If-None-Match: *` keeps an upload from replacing an object. */
export async function probeConditionalPut(ground: Ground): Promise<Verdict> {
  const { store, signal } = ground;
  await putObject(store, 'once', 'probe', {}, signal);
  return refusedAsPresent(() => putObject(store, 'once', 'probe', { IfNoneMatch: '*' }, signal));
}

/** The same where an upload in parts is put together. */
export async function probeConditionalMultipart({ store, signal }: Ground): Promise<Verdict> {
  const uploadId = await beginParts(store, 'once', {}, signal);
  const part = await sendPart(store, 'once', uploadId, { number: 1, bytes: Buffer.from('probe') }, signal);
  const condition = { IfNoneMatch: '*' } as const;
  return refusedAsPresent(() => completeParts(store, 'once', uploadId, [part], { condition, signal }));
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
  const asked = { ServerSideEncryption: algorithm, ...defined({ SSEKMSKeyId: key }) };
  try {
    const told = await encryptionOfUpload(store, 'encrypted', asked, signal);
    return told === algorithm
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

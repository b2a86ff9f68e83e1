import { defined } from '../../base/defined.ts';
import { isDeepStrictEqual } from 'node:util';
import {
  storedEncryption,
  storedPublicAccess,
  storedVersioning,
  type EncryptionRule,
} from '../../s3/bucket.ts';
import { putObject, trialUpload } from '../../s3/object.ts';
import { listVersions, versionPages } from '../../s3/versions.ts';
import type { Ground } from './ground.ts';
import { withoutKey } from './probe-objects.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

/** Turns versions on, for the looks that come after it too. */
export async function probeVersioning({ store, signal }: Ground): Promise<Verdict> {
  try {
    await storedVersioning.write(store, 'Enabled');
    for (const body of ['one', 'two']) await putObject(store, 'versions', body, {}, signal);
    const versions = await Array.fromAsync(listVersions(versionPages(store, 'versions', signal)));
    return versions.length === 2
      ? has('what is overwritten stays as a version')
      : lacks(`${versions.length} versions of an object that was written twice`);
  } catch (error) {
    return refusal(error);
  }
}

/** Sets an encryption, reads it back, and takes it away again. */
export async function probeDefaultEncryption(
  { store, signal }: Ground,
  SSEAlgorithm: 'AES256' | 'aws:kms',
  key?: string,
): Promise<Verdict> {
  const rule: EncryptionRule = {
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm,
      ...defined({ KMSMasterKeyID: key }),
    },
  };
  try {
    await storedEncryption.write(store, rule);
    const { ApplyServerSideEncryptionByDefault: kept } = (await storedEncryption.read(store, signal)) ?? {};
    await storedEncryption.remove(store);
    if (kept?.SSEAlgorithm !== SSEAlgorithm) return lacks('set, and not there when read back');
    return key === undefined || kept.KMSMasterKeyID === key
      ? has('kept as sent')
      : lacks('the key is another when read back');
  } catch (error) {
    return withoutKey(refusal(error), SSEAlgorithm, key);
  }
}

/** Sets the block, reads it back, and looks whether uploads are still taken under it. */
export async function probePublicAccessBlock({ store, signal }: Ground): Promise<Verdict> {
  const wanted = {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  };
  try {
    const before = await trialUpload(store);
    await storedPublicAccess.write(store, wanted);
    const kept = await storedPublicAccess.read(store, signal);
    const after = await trialUpload(store);
    await storedPublicAccess.remove(store);
    if (!isDeepStrictEqual({ ...wanted, ...kept }, wanted) || kept === undefined)
      return lacks('set, and another when read back');
    return before === after
      ? has('kept as sent, and uploads are taken under it')
      : lacks(`under it every upload is refused: ${after}`);
  } catch (error) {
    return refusal(error);
  }
}

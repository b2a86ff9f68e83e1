import type { ServerSideEncryptionRule } from '@aws-sdk/client-s3';
import { isDeepStrictEqual } from 'node:util';
import { publicAccessSetting } from '../settings/public-access.ts';
import { trialUpload } from '../trial-upload.ts';
import type { Ground } from './ground.ts';
import { withoutKey } from './probe-objects.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

/** Turns versions on, for the looks that come after it too. */
export async function probeVersioning({ store, signal }: Ground): Promise<Verdict> {
  const { sdk, client, location } = store;
  const { bucket: Bucket } = location;
  const options = { abortSignal: signal };
  try {
    const enable = { Bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
    await client.send(new sdk.PutBucketVersioningCommand(enable), options);
    for (const Body of ['one', 'two'])
      await client.send(new sdk.PutObjectCommand({ Bucket, Key: 'versions', Body }), options);
    const listing = { Bucket, Prefix: 'versions' };
    const { Versions = [] } = await client.send(new sdk.ListObjectVersionsCommand(listing), options);
    return Versions.length === 2
      ? has('what is overwritten stays as a version')
      : lacks(`${Versions.length} versions of an object that was written twice`);
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
  const { sdk, client, location } = store;
  const { bucket: Bucket } = location;
  const options = { abortSignal: signal };
  const rule: ServerSideEncryptionRule = {
    ApplyServerSideEncryptionByDefault: {
      SSEAlgorithm,
      ...(key !== undefined && { KMSMasterKeyID: key }),
    },
  };
  try {
    const sent = { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } };
    await client.send(new sdk.PutBucketEncryptionCommand(sent), options);
    const answer = await client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), options);
    const kept = answer.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault;
    await client.send(new sdk.DeleteBucketEncryptionCommand({ Bucket }), options);
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
    await publicAccessSetting.write(store, wanted);
    const kept = await publicAccessSetting.read(store, signal);
    const after = await trialUpload(store);
    await publicAccessSetting.remove(store);
    if (!isDeepStrictEqual({ ...wanted, ...kept }, wanted) || kept === undefined)
      return lacks('set, and another when read back');
    return before === after
      ? has('kept as sent, and uploads are taken under it')
      : lacks(`under it every upload is refused: ${after}`);
  } catch (error) {
    return refusal(error);
  }
}

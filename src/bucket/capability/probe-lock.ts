import { statusOf } from '../../store/s3-failure.ts';
import type { Ground } from './ground.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

/**
 * Whether a default retention is kept as sent and a locked version cannot be deleted. The version is locked by a legal
 * hold, which can be taken away at once; a retention would outlive the probe.
 */
export async function probeObjectLock({ store, signal }: Ground): Promise<Verdict> {
  const { sdk, client, location } = store;
  const { bucket: Bucket } = location;
  const options = { abortSignal: signal };
  const configure = (Rule?: { DefaultRetention: { Mode: 'GOVERNANCE'; Days: number } }) =>
    client.send(
      new sdk.PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', ...(Rule !== undefined && { Rule }) },
      }),
      options,
    );
  try {
    await configure({ DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } });
    const answer = await client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket }), options);
    // Before anything is uploaded: what the default locks stays for days.
    await configure();
    const { Mode, Days } = answer.ObjectLockConfiguration?.Rule?.DefaultRetention ?? {};
    if (Mode !== 'GOVERNANCE' || Days !== 3) return lacks('the default retention is another when read back');
    return await probeHold({ store, signal });
  } catch (error) {
    return refusal(error);
  }
}

async function probeHold({ store, signal }: Ground): Promise<Verdict> {
  const { sdk, client, location } = store;
  const options = { abortSignal: signal };
  const target = { Bucket: location.bucket, Key: 'held' };
  const { VersionId } = await client.send(new sdk.PutObjectCommand({ ...target, Body: 'probe' }), options);
  const hold = (Status: 'ON' | 'OFF') =>
    client.send(new sdk.PutObjectLegalHoldCommand({ ...target, VersionId, LegalHold: { Status } }), options);
  await hold('ON');
  try {
    await client.send(new sdk.DeleteObjectCommand({ ...target, VersionId }), options);
    return lacks('a version under lock was deleted');
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
    return has('kept as sent, and a version under lock cannot be deleted');
  } finally {
    await hold('OFF').catch(() => undefined);
  }
}

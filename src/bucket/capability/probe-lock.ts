import { storedObjectLock } from '../../s3/bucket.ts';
import { statusOf } from '../../s3/failure.ts';
import { holdVersion, putObject, removeObject } from '../../s3/object.ts';
import type { Ground } from './ground.ts';
import { has, lacks, refusal, type Verdict } from './verdict.ts';

/**
 * Whether a default retention is kept as sent and a locked version cannot be deleted. The version is locked by a legal
 * hold, which can be taken away at once; a retention would outlive the probe.
 */
export async function probeObjectLock({ store, signal }: Ground): Promise<Verdict> {
  const rule = { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 3 } };
  try {
    await storedObjectLock.write(store, { ObjectLockEnabled: 'Enabled', Rule: rule });
    const kept = await storedObjectLock.read(store, signal);
    // Before anything is uploaded: what the default locks stays for days.
    await storedObjectLock.remove(store);
    const { Mode, Days } = kept?.Rule?.DefaultRetention ?? {};
    if (Mode !== 'GOVERNANCE' || Days !== 3) return lacks('the default retention is another when read back');
    return await probeHold({ store, signal });
  } catch (error) {
    return refusal(error);
  }
}

async function probeHold({ store, signal }: Ground): Promise<Verdict> {
  const key = 'held';
  const versionId = await putObject(store, key, 'probe', {}, signal);
  await holdVersion(store, key, versionId, true, signal);
  try {
    await removeObject(store, key, { versionId, signal });
    return lacks('a version under lock was deleted');
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
    return has('kept as sent, and a version under lock cannot be deleted');
  } finally {
    await holdVersion(store, key, versionId, false, signal).catch(() => undefined);
  }
}

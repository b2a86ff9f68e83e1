import type { S3Location } from '../../language/environment/environment.ts';
import { statusOf } from '../../s3/failure.ts';
import type { ProbedCapability } from '../../language/generated/store-capabilities.types.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { groundFailure, groundName, makeGround, openGround, removeGround, type Ground } from './ground.ts';
import type { GroundNotes } from './ground-notes.ts';
import {
  probeChecksum,
  probeConditionalMultipart,
  probeConditionalPut,
  probeUploadEncryption,
} from './probe-objects.ts';
import { probeDefaultEncryption, probePublicAccessBlock, probeVersioning } from './probe-settings.ts';
import { refusal, type Verdict, has, lacks } from './verdict.ts';
import { storedObjectLock, storedLifecycle } from '../../s3/bucket.ts';
import { holdVersion, putObject, removeObject } from '../../s3/object.ts';
import type { LifecycleRule } from '../../language/environment/bucket.ts';
import { differences } from '../facts.ts';
import { ruleFacts, storedRule } from '../lifecycle-rules.ts';

export interface ProbeOptions {
  /** A key for `aws:kms`, where the YAML names one. */
  readonly kmsKey?: string;
  readonly signal: AbortSignal;
  readonly notes: GroundNotes;
}

/** For removing what the probe made, also after it was ended. Milliseconds. */
const removalMs = 30_000;

/**
 * Tries out what a store does, in two buckets of its own that it makes and removes: no bucket, object or rule of anybody
 * is touched. Their names are noted first, so that those of a probe that was killed are removed by the next one.
 * @throws Failure `repository-*` when the keys may not make buckets or the store does not answer
 */
export async function probeStore(
  location: S3Location,
  secrets: Secrets,
  options: ProbeOptions,
): Promise<readonly ProbedCapability[]> {
  try {
    await removeLeft(location, secrets, options);
    const plain = await onGround(location, secrets, options, false, (ground) => probePlain(ground, options));
    const lock = await probeLocked(location, secrets, options);
    return [...plain.slice(0, 1), { name: 'object-lock', ...lock }, ...plain.slice(1)];
  } catch (error) {
    options.signal.throwIfAborted();
    throw groundFailure(error, location);
  }
}

async function probePlain(ground: Ground, { kmsKey }: ProbeOptions): Promise<readonly ProbedCapability[]> {
  const found = new Map<ProbedCapability['name'], Verdict>();
  // First while there are no versions: some stores look at conditions only then.
  const before = await probeConditionalPut(ground);
  found.set('versioning', await probeVersioning(ground));
  found.set('default-encryption-aes256', await probeDefaultEncryption(ground, 'AES256'));
  found.set('default-encryption-kms', await probeDefaultEncryption(ground, 'aws:kms', kmsKey));
  found.set('upload-encryption-aes256', await probeUploadEncryption(ground, 'AES256'));
  found.set('upload-encryption-kms', await probeUploadEncryption(ground, 'aws:kms', kmsKey));
  found.set('public-access-block', await probePublicAccessBlock(ground));
  found.set('content-md5', await probeChecksum(ground, 'content-md5'));
  found.set('checksums', await probeChecksum(ground, 'checksums'));
  found.set('conditional-put', bothWays(before, await probeConditionalPut(ground)));
  found.set('conditional-multipart', await probeConditionalMultipart(ground));
  const settings = [...found].map(([name, verdict]) => ({ name, ...verdict }));
  return [...settings, ...(await probeLifecycle(ground))];
}

function bothWays(unversioned: Verdict, versioned: Verdict): Verdict {
  if (unversioned.state === 'yes' && versioned.state === 'no')
    return { state: 'no', found: 'only in buckets without versions' };
  return versioned;
}

/** A store without object lock refuses such a bucket; that is an answer. */
async function probeLocked(location: S3Location, secrets: Secrets, options: ProbeOptions): Promise<Verdict> {
  try {
    return await onGround(location, secrets, options, true, probeObjectLock);
  } catch (error) {
    options.signal.throwIfAborted();
    return refusal(error);
  }
}

async function onGround<Result>(
  location: S3Location,
  secrets: Secrets,
  { notes, signal }: ProbeOptions,
  withLock: boolean,
  use: (ground: Ground) => Promise<Result>,
): Promise<Result> {
  const name = groundName();
  const store = await openGround(location, name, secrets);
  try {
    notes.begin(name);
    try {
      await makeGround({ store, signal }, withLock);
    } catch (error) {
      // A refusal is an answer; without one the bucket may have been made.
      if (statusOf(error) === undefined)
        await removeGround({ store, signal: AbortSignal.timeout(removalMs) });
      notes.end(name);
      throw error;
    }
    try {
      return await use({ store, signal });
    } finally {
      await removeGround({ store, signal: AbortSignal.timeout(removalMs) });
      notes.end(name);
    }
  } finally {
    store.close();
  }
}

async function removeLeft(
  location: S3Location,
  secrets: Secrets,
  { notes, signal }: ProbeOptions,
): Promise<void> {
  for (const name of notes.left()) {
    const store = await openGround(location, name, secrets);
    try {
      await removeGround({ store, signal });
      notes.end(name);
    } finally {
      store.close();
    }
  }
}

/**
 * Whether a default retention is kept as sent and a locked version cannot be deleted. The version is locked by a legal
 * hold, which can be taken away at once; a retention would outlive the probe.
 */
async function probeObjectLock({ store, signal }: Ground): Promise<Verdict> {
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

const dayMs = 86_400_000;
const days = (count: number): number => count * dayMs;

/** A rule for each part that a store may refuse or drop, of ages that nothing in the bucket reaches. */
const rules: Readonly<Partial<Record<ProbedCapability['name'], Partial<LifecycleRule>>>> = {
  'lifecycle-transitions': { transitions: [{ afterMs: days(30), to: 'STANDARD_IA' }] },
  'lifecycle-noncurrent': { noncurrent: { transitions: [], expireAfterMs: days(30) } },
  'lifecycle-keep-newest': { noncurrent: { transitions: [], expireAfterMs: days(30), keepNewest: 3 } },
  'lifecycle-tags': { tags: { tier: 'daily' }, expireAfterMs: days(30) },
  'lifecycle-sizes': { largerThanBytes: 1_000_000, expireAfterMs: days(30) },
  'lifecycle-delete-markers': { expireDeleteMarkers: true },
  'lifecycle-unfinished-uploads': { abortIncompleteUploadsAfterMs: days(7) },
};

/** Writes each kind of rule by itself, reads it back and compares. */
async function probeLifecycle(ground: Ground): Promise<readonly ProbedCapability[]> {
  const found: ProbedCapability[] = [];
  for (const [name, rule] of Object.entries(rules)) {
    const verdict = await keepsRule(ground, {
      id: 'probe',
      prefix: 'probe/',
      tags: {},
      transitions: [],
      expireDeleteMarkers: false,
      ...rule,
    });
    found.push({ name: name as ProbedCapability['name'], ...verdict });
  }
  return found;
}

async function keepsRule({ store, signal }: Ground, rule: LifecycleRule): Promise<Verdict> {
  const sent = [storedRule(rule)];
  try {
    signal.throwIfAborted();
    await storedLifecycle.write(store, sent);
    const wrong = differences(ruleFacts(await storedLifecycle.read(store, signal)), ruleFacts(sent));
    await storedLifecycle.remove(store);
    if (wrong.length === 0) return has('kept as sent');
    const keys = wrong.map(({ key }) => key.replace(/^lifecycle\.probe\./, ''));
    return lacks(`dropped or changed in silence: ${keys.join(', ')}`);
  } catch (error) {
    signal.throwIfAborted();
    return refusal(error);
  }
}

import type { Clock } from '../base/clock.ts';
import { counted } from '../base/quantity/counted.ts';
import {
  grantAccess,
  holdAs,
  isOwnerEnforced,
  isSameAccess,
  lockOf,
  readAccess,
  type Access,
} from '../s3/access.ts';
import type { S3 } from '../s3/client.ts';
import { isNamed, statusOf } from '../s3/failure.ts';
import type { ObjectHead } from '../s3/object.ts';
import { describeFailure } from '../base/failure.ts';
import { nameKeys } from './refused-keys.ts';

/** A version, and the store that holds it. */
export interface StoredVersion {
  readonly store: S3;
  readonly key: string;
  readonly versionId: string;
}

/** What became of lists of access, retentions and legal holds, which no copy takes along. */
export interface AccessSums {
  /** Versions whose grants, retention or hold the copies have. */
  acls: number;
  locks: number;
  /** Copies that lack theirs: how many, the first by name, and why the first. */
  lost: number;
  readonly firstLost: string[];
  why: string;
  /** Versions whose list of access could not be read. */
  unread: number;
  /** The store has no lists of access. */
  lacks: boolean;
}

/** Carries over to copies what a store never copies. */
export interface AccessKeeper {
  readonly sums: AccessSums;
  /**
   * Gives a copy the grants of its source, and holds it as that is held still. `made` finds which version the copy is;
   * undefined when somebody has written since. What the store refuses is counted as lost.
   * @throws Failure `repository-*` of a store that is away
   */
  keep(
    source: StoredVersion & { readonly head: ObjectHead },
    target: S3,
    made: () => Promise<{ readonly versionId?: string } | undefined>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Whether two versions are open to the same; also when nobody can tell. */
  isSame(one: StoredVersion, other: StoredVersion, signal: AbortSignal): Promise<boolean>;
}

const namedLost = 10;

export function createAccessKeeper(clock: Pick<Clock, 'now'>): AccessKeeper {
  const sums: AccessSums = {
    acls: 0,
    locks: 0,
    lost: 0,
    firstLost: [],
    why: '',
    unread: 0,
    lacks: false,
  };
  const enforced = new Map<string, Promise<boolean>>();

  function isEnforced(store: S3, signal: AbortSignal): Promise<boolean> {
    const { bucket } = store.location;
    const known = enforced.get(bucket) ?? isOwnerEnforced(store, signal);
    enforced.set(bucket, known);
    return known;
  }

  /** Undefined: there is none, or nobody can tell. */
  async function accessOf(
    { store, key, versionId }: StoredVersion,
    signal: AbortSignal,
  ): Promise<Access | 'denied' | undefined> {
    if (sums.lacks || (await isEnforced(store, signal))) return undefined;
    const found = await readAccess(store, key, versionId, signal);
    if (found !== 'lacks') return found;
    sums.lacks = true;
    return undefined;
  }

  function lose(key: string, why: string): void {
    sums.lost += 1;
    if (sums.firstLost.length < namedLost) sums.firstLost.push(key);
    if (sums.why === '') sums.why = why;
  }

  async function unlessRefused(
    key: string,
    signal: AbortSignal,
    action: () => Promise<boolean>,
  ): Promise<boolean> {
    try {
      if (await action()) return true;
      lose(key, 'the store took it and does not show it');
    } catch (error) {
      signal.throwIfAborted();
      const isRefusal =
        [400, 403, 405, 501].includes(statusOf(error) ?? 0) || isNamed(error, 'NotImplemented');
      if (!isRefusal) throw error;
      lose(key, describeFailure(error).message);
    }
    return false;
  }

  return {
    sums,
    keep: async (source, target, made, signal) => {
      const { key } = source;
      const access = await accessOf(source, signal);
      if (access === 'denied') sums.unread += 1;
      const grants =
        access === undefined || access === 'denied' || access.grants.length === 0 ? undefined : access;
      const lock = lockOf(source.head, clock.now().getTime());
      if (grants === undefined && lock === undefined) return;
      const copy = await made();
      if (copy === undefined) {
        lose(key, 'somebody has written since');
        return;
      }
      const { versionId } = copy;
      if (
        grants !== undefined &&
        (await unlessRefused(key, signal, () => grant(target, key, versionId, grants, signal)))
      )
        sums.acls += 1;
      if (
        lock !== undefined &&
        (await unlessRefused(key, signal, () => holdAs(target, key, versionId, lock, signal)))
      )
        sums.locks += 1;
    },
    isSame: async (one, other, signal) => {
      const [left, right] = [await accessOf(one, signal), await accessOf(other, signal)];
      if (typeof left !== 'object' || typeof right !== 'object') return true;
      return isSameAccess(left, right);
    },
  };
}

/** Whether the copy has the grants then: some stores take them and keep none. */
async function grant(
  store: S3,
  key: string,
  versionId: string | undefined,
  wanted: Access,
  signal: AbortSignal,
): Promise<boolean> {
  const own = await readAccess(store, key, versionId, signal);
  if (typeof own !== 'object') return false;
  await grantAccess(store, key, versionId, { owner: own.owner, grants: wanted.grants }, signal);
  const now = await readAccess(store, key, versionId, signal);
  return typeof now === 'object' && isSameAccess(now, wanted);
}

/** What copies lack, to warn of. Pure. */
export function accessWarnings({ lost, firstLost, why, unread }: AccessSums): readonly string[] {
  return [
    ...(lost === 0
      ? []
      : [
          `${counted(lost, 'copy lacks', 'copies lack')} the ACL, the retention or the legal hold that the version had: ${nameKeys(firstLost, lost)}: ${why}`,
        ]),
    ...(unread === 0
      ? []
      : [
          `the ACLs of ${counted(unread, 'version')} may not be read, and their copies have none: allow s3:GetObjectVersionAcl`,
        ]),
  ];
}

/** What follows `are as they were then`: how far that goes. Pure. */
export function accessWords({ acls, locks, lost, unread, lacks }: AccessSums): string {
  const kept = [
    ...(acls === 0 ? [] : [`ACLs of ${counted(acls, 'key')}`]),
    ...(locks === 0 ? [] : [`locks of ${counted(locks, 'key')}`]),
  ];
  const missing = [
    ...(lost === 0 ? [] : [`${counted(lost, 'ACL or lock', 'ACLs and locks')} that the store refused`]),
    ...(unread === 0 ? [] : [`${counted(unread, 'ACL')} that may not be read`]),
    ...(lacks ? ['ACLs, which the store does not have'] : []),
  ];
  return [
    ...(kept.length === 0 ? [] : [`, with the ${kept.join(' and the ')}`]),
    ...(missing.length === 0 ? [] : [`, but for ${missing.join(' and ')}`]),
  ].join('');
}

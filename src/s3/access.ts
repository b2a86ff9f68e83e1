import type * as Sdk from '@aws-sdk/client-s3';
import { ask } from './ask.ts';
import type { S3 } from './client.ts';
import { isNamed, statusOf } from './failure.ts';
import { headVersion, holdVersion, targetOf, type ObjectHead } from './object.ts';

/** Who may do what with a version, besides its owner, who may do everything. */
export interface Access {
  readonly owner: Sdk.Owner;
  readonly grants: readonly Sdk.Grant[];
}

/**
 * Who has access to a version. `lacks`: the store has no lists of access. `denied`: these keys may not read this one.
 * @throws Failure `repository-*`
 */
export async function readAccess(
  s3: S3,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<Access | 'lacks' | 'denied'> {
  try {
    const { Owner = {}, Grants = [] } = await ask(
      s3,
      { action: 'read', key, permission: 's3:GetObjectVersionAcl', signal },
      (sdk) => new sdk.GetObjectAclCommand({ ...targetOf(s3, key), ...versionOf(versionId) }),
    );
    return { owner: Owner, grants: Grants.filter((grant) => !isOwners(grant, Owner)) };
  } catch (error) {
    signal.throwIfAborted();
    if ([405, 501].includes(statusOf(error) ?? 0) || isNamed(error, 'NotImplemented')) return 'lacks';
    if (statusOf(error) === 403) return 'denied';
    throw error;
  }
}

function isOwners({ Grantee, Permission }: Sdk.Grant, { ID }: Sdk.Owner): boolean {
  return Permission === 'FULL_CONTROL' && Grantee?.ID !== undefined && Grantee.ID === ID;
}

/** Whether two versions are open to the same, whoever owns them. Pure. */
export function isSameAccess(one: Access, other: Access): boolean {
  const words = ({ grants }: Access): string =>
    JSON.stringify(
      grants
        .map(({ Grantee, Permission }) =>
          JSON.stringify([Permission, Grantee?.URI ?? Grantee?.ID ?? Grantee?.EmailAddress]),
        )
        .sort(),
    );
  return words(one) === words(other);
}

/** Gives a version the grants of another one; its owner keeps everything. @throws Failure `repository-*` */
export async function grantAccess(
  s3: S3,
  key: string,
  versionId: string | undefined,
  { owner, grants }: Access,
  signal: AbortSignal,
): Promise<void> {
  const own: Sdk.Grant[] =
    owner.ID === undefined
      ? []
      : [{ Grantee: { Type: 'CanonicalUser', ID: owner.ID }, Permission: 'FULL_CONTROL' }];
  await ask(
    s3,
    { action: 'store', key, permission: 's3:PutObjectVersionAcl', withMd5: true, signal },
    (sdk) =>
      new sdk.PutObjectAclCommand({
        ...targetOf(s3, key),
        ...versionOf(versionId),
        AccessControlPolicy: { Owner: owner, Grants: [...own, ...grants] },
      }),
  );
}

/** Whether a bucket gives everything to its owner, whatever its objects' lists say: then they have none. Never rejects but for the signal. */
export async function isOwnerEnforced(s3: S3, signal: AbortSignal): Promise<boolean> {
  try {
    const { OwnershipControls } = await ask(
      s3,
      { action: 'read', what: 'the ownership controls', signal },
      (sdk) => new sdk.GetBucketOwnershipControlsCommand({ Bucket: s3.location.bucket }),
    );
    return OwnershipControls?.Rules?.some((rule) => rule.ObjectOwnership === 'BucketOwnerEnforced') === true;
  } catch {
    // Absent, unknown to the store, or not to be read: the lists themselves will tell.
    signal.throwIfAborted();
    return false;
  }
}

/** What keeps a version from being deleted. */
export interface Lock {
  readonly mode?: Sdk.ObjectLockMode;
  readonly until?: Date;
  readonly isHeld: boolean;
}

/** What still holds a version at an instant, milliseconds since 1970; undefined when nothing does. Pure. */
export function lockOf(head: ObjectHead, nowMs: number): Lock | undefined {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = head;
  const isHeld = head.ObjectLockLegalHoldStatus === 'ON';
  if (mode !== undefined && until !== undefined && until.getTime() > nowMs) return { mode, until, isHeld };
  return isHeld ? { isHeld } : undefined;
}

/**
 * Holds a version at least as another one is held: a retention that the bucket gave it by itself is never shortened.
 * Gives whether it is held so then. @throws Failure `repository-*`
 */
export async function holdAs(
  s3: S3,
  key: string,
  versionId: string | undefined,
  { mode, until, isHeld }: Lock,
  signal: AbortSignal,
): Promise<boolean> {
  const isRetained = ({ ObjectLockRetainUntilDate: now }: ObjectHead): boolean =>
    until === undefined || (now !== undefined && now.getTime() >= until.getTime());
  const hasHold = ({ ObjectLockLegalHoldStatus }: ObjectHead): boolean =>
    !isHeld || ObjectLockLegalHoldStatus === 'ON';
  const head = await headVersion(s3, key, versionId, signal);
  if (!isRetained(head)) {
    const Mode = head.ObjectLockMode === 'COMPLIANCE' ? head.ObjectLockMode : mode;
    await ask(
      s3,
      { action: 'store', key, permission: 's3:PutObjectRetention', withMd5: true, signal },
      (sdk) =>
        new sdk.PutObjectRetentionCommand({
          ...targetOf(s3, key),
          ...versionOf(versionId),
          Retention: { Mode, RetainUntilDate: until },
        }),
    );
  }
  if (!hasHold(head)) await holdVersion(s3, key, versionId, true, signal);
  const held = await headVersion(s3, key, versionId, signal);
  return isRetained(held) && hasHold(held);
}

function versionOf(versionId: string | undefined): { readonly VersionId?: string } {
  return versionId === undefined ? {} : { VersionId: versionId };
}

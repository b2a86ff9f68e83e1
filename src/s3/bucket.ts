import type * as Sdk from '@aws-sdk/client-s3';
import { Failure } from '../base/failure.ts';
import { ask, type Command, type Question } from './ask.ts';
import { urlOf, type S3 } from './client.ts';
import { isNamed, statusOf } from './failure.ts';

/** As the store's interface has them. */
export type StoredRule = Sdk.LifecycleRule;
export type StoredRuleFilter = Sdk.LifecycleRuleFilter;
export type EncryptionRule = Sdk.ServerSideEncryptionRule;
export type LockConfiguration = Sdk.ObjectLockConfiguration;
export type PublicAccess = Sdk.PublicAccessBlockConfiguration;
export type StoredTag = Sdk.Tag;

/**
 * One setting of a bucket, as the store reads and writes it in one call. Every method throws only `Failure`:
 * `repository-*`, and `store-lacks` where the store does not know the call.
 */
export interface StoredSetting<Value> {
  /** Undefined where nothing is set. */
  read(s3: S3, signal?: AbortSignal): Promise<Value | undefined>;
  write(s3: S3, value: Value): Promise<void>;
  /** Undoes a first write. */
  remove(s3: S3): Promise<void>;
}

/** What the keys must be allowed for a setting, and names of the store's errors that mean: nothing is set. */
interface Known {
  readonly what: string;
  readonly mayRead: string;
  readonly mayWrite: string;
  readonly absentBy?: readonly string[];
}

type Make<Input extends Sdk.ServiceInputTypes, Output extends Sdk.ServiceOutputTypes> = (
  sdk: typeof Sdk,
  target: { readonly Bucket: string },
) => Command<Input, Output>;

async function readBy<Input extends Sdk.ServiceInputTypes, Output extends Sdk.ServiceOutputTypes, Value>(
  s3: S3,
  { what, mayRead, absentBy = [] }: Known,
  signal: AbortSignal | undefined,
  make: Make<Input, Output>,
  pick: (answer: Output) => Value | undefined,
): Promise<Value | undefined> {
  const question: Question = { action: 'read', what: `the ${what}`, permission: mayRead, signal };
  try {
    return pick(await ask(s3, question, (sdk) => make(sdk, { Bucket: s3.location.bucket })));
  } catch (error) {
    signal?.throwIfAborted();
    if (isNamed(error, ...absentBy)) return undefined;
    throw error;
  }
}

/** Without a signal: what was begun is read back and, if need be, undone. */
async function writeBy<Input extends Sdk.ServiceInputTypes, Output extends Sdk.ServiceOutputTypes>(
  s3: S3,
  { what, mayWrite }: Known,
  make: Make<Input, Output>,
): Promise<void> {
  const question: Question = { action: 'store', what: `the ${what}`, permission: mayWrite, withMd5: true };
  await ask(s3, question, (sdk) => make(sdk, { Bucket: s3.location.bucket }));
}

const versioning: Known = {
  what: 'versioning',
  mayRead: 's3:GetBucketVersioning',
  mayWrite: 's3:PutBucketVersioning',
};

/** Whether what is overwritten or deleted stays as a version; undefined in a bucket that never kept any. */
export const storedVersioning: StoredSetting<'Enabled' | 'Suspended'> = {
  read: (s3, signal) =>
    readBy(
      s3,
      versioning,
      signal,
      (sdk, target) => new sdk.GetBucketVersioningCommand(target),
      ({ Status }) => Status,
    ),
  write: (s3, Status) =>
    writeBy(
      s3,
      versioning,
      (sdk, target) => new sdk.PutBucketVersioningCommand({ ...target, VersioningConfiguration: { Status } }),
    ),
  // A bucket that had versions once can only rest from making more.
  remove: (s3) => storedVersioning.write(s3, 'Suspended'),
};

const encryption: Known = {
  what: 'encryption',
  mayRead: 's3:GetEncryptionConfiguration',
  mayWrite: 's3:PutEncryptionConfiguration',
  absentBy: ['ServerSideEncryptionConfigurationNotFoundError'],
};

/** How the store encrypts what is uploaded without saying how. */
export const storedEncryption: StoredSetting<EncryptionRule> = {
  read: (s3, signal) =>
    readBy(
      s3,
      encryption,
      signal,
      (sdk, target) => new sdk.GetBucketEncryptionCommand(target),
      (answer) => {
        const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
        if (rule !== undefined) return rule;
        // Ceph 16 answers 200 with nothing and refuses to set it; S3 itself has a rule or an error for "nothing is set".
        throw new Failure(
          'store-lacks',
          `Cannot read the encryption of bucket ${s3.location.bucket}: the store does not do that`,
        );
      },
    ),
  write: (s3, rule) =>
    writeBy(
      s3,
      encryption,
      (sdk, target) =>
        new sdk.PutBucketEncryptionCommand({
          ...target,
          ServerSideEncryptionConfiguration: { Rules: [rule] },
        }),
    ),
  remove: (s3) => writeBy(s3, encryption, (sdk, target) => new sdk.DeleteBucketEncryptionCommand(target)),
};

const publicAccess: Known = {
  what: 'block-public-access',
  mayRead: 's3:GetBucketPublicAccessBlock',
  mayWrite: 's3:PutBucketPublicAccessBlock',
  absentBy: ['NoSuchPublicAccessBlockConfiguration'],
};

/** Amazon's four flags against public access. */
export const storedPublicAccess: StoredSetting<PublicAccess> = {
  read: (s3, signal) =>
    readBy(
      s3,
      publicAccess,
      signal,
      (sdk, target) => new sdk.GetPublicAccessBlockCommand(target),
      (answer) => answer.PublicAccessBlockConfiguration,
    ),
  write: (s3, value) =>
    writeBy(
      s3,
      publicAccess,
      (sdk, target) =>
        new sdk.PutPublicAccessBlockCommand({ ...target, PublicAccessBlockConfiguration: value }),
    ),
  remove: (s3) => writeBy(s3, publicAccess, (sdk, target) => new sdk.DeletePublicAccessBlockCommand(target)),
};

const policy: Known = {
  what: 'policy',
  mayRead: 's3:GetBucketPolicy',
  mayWrite: 's3:PutBucketPolicy',
  absentBy: ['NoSuchBucketPolicy'],
};

/** Who is refused and who is allowed: a document of JSON, as text. */
export const storedPolicy: StoredSetting<string> = {
  read: (s3, signal) =>
    readBy(
      s3,
      policy,
      signal,
      (sdk, target) => new sdk.GetBucketPolicyCommand(target),
      ({ Policy }) => (Policy === '' ? undefined : Policy),
    ),
  write: (s3, Policy) =>
    writeBy(s3, policy, (sdk, target) => new sdk.PutBucketPolicyCommand({ ...target, Policy })),
  remove: (s3) => writeBy(s3, policy, (sdk, target) => new sdk.DeleteBucketPolicyCommand(target)),
};

const objectLock: Known = {
  what: 'object-lock',
  mayRead: 's3:GetBucketObjectLockConfiguration',
  mayWrite: 's3:PutBucketObjectLockConfiguration',
  absentBy: ['ObjectLockConfigurationNotFoundError'],
};

/** For how long nobody may remove a new version. */
export const storedObjectLock: StoredSetting<LockConfiguration> = {
  read: (s3, signal) =>
    readBy(
      s3,
      objectLock,
      signal,
      (sdk, target) => new sdk.GetObjectLockConfigurationCommand(target),
      (answer) => answer.ObjectLockConfiguration,
    ),
  write: (s3, value) =>
    writeBy(
      s3,
      objectLock,
      (sdk, target) =>
        new sdk.PutObjectLockConfigurationCommand({ ...target, ObjectLockConfiguration: value }),
    ),
  // The lock itself cannot be taken from a bucket, only its default.
  remove: (s3) => storedObjectLock.write(s3, { ObjectLockEnabled: 'Enabled' }),
};

const lifecycle: Known = {
  what: 'lifecycle',
  mayRead: 's3:GetLifecycleConfiguration',
  mayWrite: 's3:PutLifecycleConfiguration',
  absentBy: ['NoSuchLifecycleConfiguration'],
};

/** By what rules the store moves and removes objects: all of them at once, the store has no call for one. */
export const storedLifecycle: StoredSetting<readonly StoredRule[]> = {
  read: (s3, signal) =>
    readBy(
      s3,
      lifecycle,
      signal,
      (sdk, target) => new sdk.GetBucketLifecycleConfigurationCommand(target),
      ({ Rules = [] }) => (Rules.length === 0 ? undefined : Rules),
    ),
  // An empty list cannot be kept, only deleted.
  write: (s3, rules) =>
    rules.length === 0
      ? storedLifecycle.remove(s3)
      : writeBy(
          s3,
          lifecycle,
          (sdk, target) =>
            new sdk.PutBucketLifecycleConfigurationCommand({
              ...target,
              LifecycleConfiguration: { Rules: [...rules] },
            }),
        ),
  remove: (s3) => writeBy(s3, lifecycle, (sdk, target) => new sdk.DeleteBucketLifecycleCommand(target)),
};

const tags: Known = {
  what: 'tags',
  mayRead: 's3:GetBucketTagging',
  mayWrite: 's3:PutBucketTagging',
  absentBy: ['NoSuchTagSet', 'NoSuchTagSetError'],
};

/** The bucket's own tags. */
export const storedTags: StoredSetting<readonly StoredTag[]> = {
  read: (s3, signal) =>
    readBy(
      s3,
      tags,
      signal,
      (sdk, target) => new sdk.GetBucketTaggingCommand(target),
      ({ TagSet }) => TagSet,
    ),
  write: (s3, value) =>
    writeBy(
      s3,
      tags,
      (sdk, target) => new sdk.PutBucketTaggingCommand({ ...target, Tagging: { TagSet: [...value] } }),
    ),
  remove: (s3) => writeBy(s3, tags, (sdk, target) => new sdk.DeleteBucketTaggingCommand(target)),
};

/** Whether there is such a bucket. @throws Failure `repository-*` */
export async function bucketExists(s3: S3, signal?: AbortSignal): Promise<boolean> {
  const known = { what: 'place', mayRead: 's3:GetBucketLocation', mayWrite: '' };
  try {
    await readBy(
      s3,
      known,
      signal,
      (sdk, target) => new sdk.GetBucketLocationCommand(target),
      () => true,
    );
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return false;
    // Whoever may not ask for its place may still read its settings.
    if (isNamed(error, 'AccessDenied')) return true;
    throw error;
  }
}

/**
 * Makes a bucket; one that is ours already is no error. Object lock is switched on at birth: some stores do not allow it
 * later. @throws Failure `repository-*`, `store-lacks`
 */
export async function createBucket(
  s3: S3,
  { withLock, signal }: { readonly withLock: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const { bucket, region, endpoint } = s3.location;
  // Amazon's first region is the only one that must not be named; other stores have places of their own.
  const isNamedRegion = endpoint === undefined && region !== undefined && region !== 'us-east-1';
  const question: Question = {
    action: 'store',
    what: 'the beginning',
    permission: 's3:CreateBucket',
    withMd5: true,
    signal,
  };
  try {
    await ask(
      s3,
      question,
      (sdk) =>
        new sdk.CreateBucketCommand({
          Bucket: bucket,
          ...(withLock && { ObjectLockEnabledForBucket: true }),
          ...(isNamedRegion && {
            CreateBucketConfiguration: { LocationConstraint: region as Sdk.BucketLocationConstraint },
          }),
        }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (!isNamed(error, 'BucketAlreadyOwnedByYou')) throw error;
  }
}

/** Removes an empty bucket; one that is gone already is no error. @throws Failure `repository-*` */
export async function removeBucket(s3: S3, signal?: AbortSignal): Promise<void> {
  const question: Question = { action: 'remove', what: 'the rest', permission: 's3:DeleteBucket', signal };
  try {
    await ask(s3, question, (sdk) => new sdk.DeleteBucketCommand({ Bucket: s3.location.bucket }));
  } catch (error) {
    signal?.throwIfAborted();
    if (!isNamed(error, 'NoSuchBucket')) throw error;
  }
}

/** The store's own clock: the `Date` of an answer, whole seconds, rounded down. @throws Failure `repository-*` */
export async function readStoreClock(s3: S3, signal?: AbortSignal): Promise<Date> {
  let date: string | undefined;
  const onAnswer = ({ headers }: { readonly headers: Readonly<Record<string, string>> }): void => {
    date = headers['date'];
  };
  await ask(
    s3,
    { action: 'read', signal, onAnswer },
    (sdk) => new sdk.HeadBucketCommand({ Bucket: s3.location.bucket }),
  );
  const time = new Date(date ?? Number.NaN);
  if (!Number.isNaN(time.getTime())) return time;
  throw new Failure('repository-read', `Cannot read ${urlOf(s3.location)}: the answer has no Date`);
}

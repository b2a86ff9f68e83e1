import type { Problem } from '../problem.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import type { BucketConnection } from './bucket-connection.ts';
import type { Bucket, LifecycleRule } from './bucket.ts';
import type { Environment } from './environment.ts';
import { warnOfEarlyMoves } from './infrequent-access.ts';

const dayMs = 86_400_000;

interface Fault {
  readonly rule: string;
  readonly message: string;
  readonly hint: string;
  readonly path: Path;
}

/** A bucket with what its checks look at. */
export interface CheckedBucket {
  readonly bucket: Bucket;
  readonly connection: BucketConnection;
  readonly environments: ReadonlyMap<string, Environment>;
}

/** What no store could do, or what would harm whoever wrote it, each at its place. Pure. */
export function checkBucket(checked: CheckedBucket, document: YamlDocument): readonly Problem[] {
  const faults = [
    ...contradictions(checked),
    ...lockFaults(checked.bucket),
    ...policyFaults(checked),
    ...lifecycleFaults(checked.bucket),
  ];
  const errors = faults.map(({ path, ...told }) => ({
    file: document.file,
    ...document.placeOfKey(['buckets', checked.bucket.name, ...path]),
    severity: 'error' as const,
    ...told,
  }));
  return [...errors, ...warnOfEarlyMoves(checked.bucket, document)];
}

function contradictions({ connection: { contradiction } }: CheckedBucket): readonly Fault[] {
  if (contradiction === undefined) return [];
  const { names, part } = contradiction;
  const what = part === 'address' ? 'at different addresses' : 'with different access keys';
  const keys =
    part === 'address' ? 'region, endpoint and force-path-style' : 'access-key-id and secret-access-key';
  return [
    {
      rule: 'bucket-connection',
      message: `the environments '${names[0]}' and '${names[1]}' reach this bucket ${what}`,
      hint: `say ${keys} of the bucket itself`,
      path: [],
    },
  ];
}

function lockFaults({ objectLock, versioning }: Bucket): readonly Fault[] {
  if (objectLock === undefined) return [];
  const nothing: Fault = {
    rule: 'object-lock',
    message: 'an object lock of 0 days locks nothing',
    hint: 'say for how long, or leave object-lock out',
    path: ['object-lock', 'for'],
  };
  const unversioned: Fault = {
    rule: 'object-lock',
    message: 'object lock works on versions, and this bucket is to have none',
    hint: 'say versioning: true',
    path: ['versioning'],
  };
  return [...(objectLock.forMs === 0 ? [nothing] : []), ...(versioning === false ? [unversioned] : [])];
}

function policyFaults({ bucket, environments }: CheckedBucket): readonly Fault[] {
  const { policy, connection, usedBy } = bucket;
  const isPlain = connection.endpoint?.startsWith('http://') === true;
  const faults: Fault[] = [];
  if (policy?.denyPlainHttp === true && isPlain) {
    faults.push({
      rule: 'policy-locks-out',
      message: `the policy would refuse plain HTTP, and this bucket is reached at ${connection.endpoint ?? ''}`,
      hint: 'use an https:// endpoint: otherwise run-plan locks itself out',
      path: ['policy', 'deny-plain-http'],
    });
  }
  const sends = (name: string): boolean => {
    const store = environments.get(name)?.repository?.store;
    return store?.kind !== 's3' || store.s3.bucket !== bucket.name || store.s3.encryption !== undefined;
  };
  const silent = policy?.denyUnencryptedPuts === true ? usedBy.find((name) => !sends(name)) : undefined;
  if (silent !== undefined) {
    faults.push({
      rule: 'policy-locks-out',
      message: `the policy would refuse the uploads of environment '${silent}', which ask for no encryption`,
      hint: `say encryption: in its repository's s3: the bucket's default is not what the policy looks at`,
      path: ['policy', 'deny-unencrypted-puts'],
    });
  }
  return faults;
}

function lifecycleFaults(bucket: Bucket): readonly Fault[] {
  // Ids that are missing are told already, and are no repetition of each other.
  const ids: readonly (string | undefined)[] = bucket.lifecycle.map(({ id }) => id);
  return bucket.lifecycle.flatMap((rule, index) => {
    const at = (...keys: string[]): Path => ['lifecycle', index, ...keys];
    const isRepeated = ids[index] !== undefined && ids.indexOf(ids[index]) < index;
    const fault = (message: string, hint: string, ...keys: string[]): Fault => ({
      rule: 'lifecycle-rule',
      message,
      hint,
      path: at(...keys),
    });
    return [
      ...(isRepeated ? [fault(`there is a rule '${rule.id}' above`, 'give it an id of its own', 'id')] : []),
      ...ruleFaults(rule, fault),
    ];
  });
}

/** What S3 refuses: Amazon S3's documentation, "Lifecycle configuration elements". */
function ruleFaults(
  rule: LifecycleRule,
  fault: (message: string, hint: string, ...keys: string[]) => Fault,
): readonly Fault[] {
  const { expireAfterMs, noncurrent, expireDeleteMarkers, abortIncompleteUploadsAfterMs } = rule;
  const hasTags = Object.keys(rule.tags).length > 0;
  const hasSizes = rule.largerThanBytes !== undefined || rule.smallerThanBytes !== undefined;
  const ofItsOwn = 'give that a rule of its own';
  const faults: Fault[] = [];
  const acts =
    rule.transitions.length > 0 ||
    expireAfterMs !== undefined ||
    noncurrent !== undefined ||
    expireDeleteMarkers ||
    abortIncompleteUploadsAfterMs !== undefined;
  if (!acts)
    faults.push(fault(`rule '${rule.id}' does nothing`, 'say what it is to do, or leave it out', 'id'));
  if (noncurrent?.keepNewest !== undefined && noncurrent.expireAfterMs === undefined)
    faults.push(fault('keep-newest needs expire-after', 'say both', 'noncurrent', 'keep-newest'));
  if (expireDeleteMarkers && expireAfterMs !== undefined)
    faults.push(
      fault('S3 does not expire delete markers and objects by one rule', ofItsOwn, 'expire-delete-markers'),
    );
  if (expireDeleteMarkers && (hasTags || hasSizes))
    faults.push(fault('a delete marker has no tags and no size', ofItsOwn, 'expire-delete-markers'));
  if (abortIncompleteUploadsAfterMs !== undefined && (hasTags || hasSizes))
    faults.push(
      fault('an unfinished upload has no tags and no size', ofItsOwn, 'abort-incomplete-uploads-after'),
    );
  const { largerThanBytes = 0, smallerThanBytes = Infinity } = rule;
  if (largerThanBytes >= smallerThanBytes)
    faults.push(
      fault(
        'no object is larger than larger-than and smaller than smaller-than',
        'exchange them',
        'smaller-than',
      ),
    );
  const never = (ms: number | undefined, ...keys: string[]): void => {
    if (ms === 0) faults.push(fault('S3 takes no age of 0 days here', 'say 1d at least', ...keys));
  };
  never(expireAfterMs, 'expire-after');
  never(noncurrent?.expireAfterMs, 'noncurrent', 'expire-after');
  never(abortIncompleteUploadsAfterMs, 'abort-incomplete-uploads-after');
  const latest = Math.max(-1, ...rule.transitions.map(({ afterMs }) => afterMs));
  if (expireAfterMs !== undefined && expireAfterMs <= latest && expireAfterMs > 0)
    faults.push(
      fault(
        `objects would be removed after ${days(expireAfterMs)} and moved after ${days(latest)}`,
        'remove them later than they move',
        'expire-after',
      ),
    );
  return faults;
}

function days(ms: number): string {
  return renderPlanDuration(Math.round(ms / dayMs) * dayMs);
}

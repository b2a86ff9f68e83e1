import type { Problem } from '../problem.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import type { BucketConnection } from './bucket-connection.ts';
import { known, type MayBeOpen } from '../yaml/open.ts';
import type { DeclaredBucket, LifecycleRule } from './bucket.ts';
import type { DeclaredEnvironment } from './environment.ts';
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
  readonly bucket: DeclaredBucket;
  readonly connection: BucketConnection;
  readonly environments: ReadonlyMap<string, DeclaredEnvironment>;
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

function lockFaults({ objectLock, versioning }: DeclaredBucket): readonly Fault[] {
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
  const endpoint = known(connection.endpoint);
  const faults: Fault[] = [];
  if (policy?.denyPlainHttp === true && endpoint?.startsWith('http://') === true) {
    faults.push({
      rule: 'policy-locks-out',
      message: `the policy would refuse plain HTTP, and this bucket is reached at ${endpoint}`,
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

function lifecycleFaults(bucket: DeclaredBucket): readonly Fault[] {
  // Ids that are missing are told already, and are no repetition of each other.
  const ids = bucket.lifecycle.map(({ id }) => known<string | undefined>(id));
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
      ...(isRepeated
        ? [fault(`there is a rule '${String(rule.id)}' above`, 'give it an id of its own', 'id')]
        : []),
      ...ruleFaults(rule, fault),
    ];
  });
}

/** What S3 refuses: Amazon S3's documentation, "Lifecycle configuration elements". */
function ruleFaults(
  rule: MayBeOpen<LifecycleRule>,
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
    expireDeleteMarkers !== false ||
    abortIncompleteUploadsAfterMs !== undefined;
  if (!acts)
    faults.push(
      fault(`rule '${String(rule.id)}' does nothing`, 'say what it is to do, or leave it out', 'id'),
    );
  if (noncurrent?.keepNewest !== undefined && noncurrent.expireAfterMs === undefined)
    faults.push(fault('keep-newest needs expire-after', 'say both', 'noncurrent', 'keep-newest'));
  if (expireDeleteMarkers === true && expireAfterMs !== undefined)
    faults.push(
      fault('S3 does not expire delete markers and objects by one rule', ofItsOwn, 'expire-delete-markers'),
    );
  if (expireDeleteMarkers === true && (hasTags || hasSizes))
    faults.push(fault('a delete marker has no tags and no size', ofItsOwn, 'expire-delete-markers'));
  if (abortIncompleteUploadsAfterMs !== undefined && (hasTags || hasSizes))
    faults.push(
      fault('an unfinished upload has no tags and no size', ofItsOwn, 'abort-incomplete-uploads-after'),
    );
  if ((known(rule.largerThanBytes) ?? 0) >= (known(rule.smallerThanBytes) ?? Infinity))
    faults.push(
      fault(
        'no object is larger than larger-than and smaller than smaller-than',
        'exchange them',
        'smaller-than',
      ),
    );
  const never = (ms: MayBeOpen<number | undefined>, ...keys: string[]): void => {
    if (ms === 0) faults.push(fault('S3 takes no age of 0 days here', 'say 1d at least', ...keys));
  };
  never(expireAfterMs, 'expire-after');
  never(noncurrent?.expireAfterMs, 'noncurrent', 'expire-after');
  never(abortIncompleteUploadsAfterMs, 'abort-incomplete-uploads-after');
  const latest = Math.max(-1, ...rule.transitions.map(({ afterMs }) => known(afterMs) ?? -1));
  const expiryMs = known(expireAfterMs);
  if (expiryMs !== undefined && expiryMs <= latest && expiryMs > 0)
    faults.push(
      fault(
        `objects would be removed after ${days(expiryMs)} and moved after ${days(latest)}`,
        'remove them later than they move',
        'expire-after',
      ),
    );
  return faults;
}

function days(ms: number): string {
  return renderPlanDuration(Math.round(ms / dayMs) * dayMs);
}

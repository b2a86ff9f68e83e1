import { defined } from '../../base/defined.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import { parseSize } from '../../base/quantity/size.ts';
import { defaults } from '../generated/environments.defaults.ts';
import type {
  WrittenBucket,
  WrittenLifecycleRule,
  WrittenPolicyStatement,
} from '../generated/environments.types.ts';
import { positionOf, type Path, type YamlDocument } from '../yaml/yaml-document.ts';
import { readReference } from '../written-reference.ts';
import type { BucketConnection, OwnConnection } from './bucket-connection.ts';
import { Open, type MayBeOpen } from '../yaml/open.ts';
import type { BucketPolicy, DeclaredBucket, LifecycleRule, PolicyStatement, Transition } from './bucket.ts';

/** A bucket's wishes with their defaults, ages and sizes parsed. */
export function normaliseBucket(
  name: string,
  written: MayBeOpen<WrittenBucket>,
  { location, usedBy }: BucketConnection,
  document: YamlDocument,
): DeclaredBucket {
  const { versioning, encryption, policy } = written;
  const lock = written['object-lock'];
  const isPrivate = written['block-public-access'];
  const bucketKey = encryption?.['bucket-key'];
  return {
    name,
    connection: location,
    usedBy,
    create: written.create ?? defaults.buckets.create,
    ...defined({ versioning }),
    ...(encryption !== undefined && {
      encryption: {
        algorithm: encryption.algorithm,
        ...defined({ key: encryption.key, bucketKey }),
      },
    }),
    ...defined({ blockPublicAccess: isPrivate }),
    ...(lock !== undefined && { objectLock: { mode: lock.mode, forMs: read(lock.for, parseDuration) ?? 0 } }),
    ...(policy !== undefined && { policy: bucketPolicy(policy) }),
    tags: texts(written.tags ?? {}),
    lifecycle: (written.lifecycle ?? []).flatMap((rule) => (isWritten(rule) ? [lifecycleRule(rule)] : [])),
    positions: new Map(positions(written, document, ['buckets', name], '')),
  };
}

/** The place of every key of a written value, items of a list under their ids. */
function* positions(
  value: unknown,
  document: YamlDocument,
  path: Path,
  name: string,
): Generator<readonly [name: string, position: string]> {
  if (name !== '') yield [name, positionOf(document, path)];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? Number(key) : key;
    const shown = Array.isArray(value) ? (idOf(inner) ?? key) : key;
    yield* positions(inner, document, [...path, at], name === '' ? shown : `${name}.${shown}`);
  }
}

function idOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item)) return undefined;
  return typeof item.id === 'string' ? item.id : undefined;
}

/** What a bucket says of its own connection. */
export function ownConnection(
  name: string,
  written: MayBeOpen<WrittenBucket>,
  document: YamlDocument,
): OwnConnection {
  const { region, endpoint } = written;
  const forcePathStyle = written['force-path-style'];
  const secret = (key: 'access-key-id' | 'secret-access-key') => {
    const reference = written[key];
    return reference && readReference(reference, positionOf(document, ['buckets', name, key]));
  };
  const accessKeyId = secret('access-key-id');
  const secretAccessKey = secret('secret-access-key');
  return {
    ...defined({ region, endpoint, forcePathStyle, accessKeyId, secretAccessKey }),
  };
}

function bucketPolicy(written: MayBeOpen<NonNullable<WrittenBucket['policy']>>): MayBeOpen<BucketPolicy> {
  const plainHttp = written['deny-plain-http'];
  const unencrypted = written['deny-unencrypted-puts'];
  return {
    ...defined({ denyPlainHttp: plainHttp, denyUnencryptedPuts: unencrypted }),
    statements: (written.statements ?? []).filter(isWritten).map(statement),
  };
}

/** As it was written; the schema has held it against the words of a policy. */
function statement(written: MayBeOpen<WrittenPolicyStatement>): MayBeOpen<PolicyStatement> {
  return written as MayBeOpen<PolicyStatement>;
}

function lifecycleRule(written: MayBeOpen<WrittenLifecycleRule>): MayBeOpen<LifecycleRule> {
  const { noncurrent } = written;
  const keepNewest = noncurrent?.['keep-newest'];
  return {
    id: written.id,
    prefix: written.prefix ?? defaults.buckets.lifecycle.prefix,
    tags: texts(written.tags ?? {}),
    ...quantity('largerThanBytes', written['larger-than'], parseSize),
    ...quantity('smallerThanBytes', written['smaller-than'], parseSize),
    transitions: transitions(written.transition),
    ...quantity('expireAfterMs', written['expire-after'], parseDuration),
    ...(noncurrent !== undefined && {
      noncurrent: {
        transitions: transitions(noncurrent.transition),
        ...quantity('expireAfterMs', noncurrent['expire-after'], parseDuration),
        ...defined({ keepNewest }),
      },
    }),
    expireDeleteMarkers:
      written['expire-delete-markers'] ?? defaults.buckets.lifecycle['expire-delete-markers'],
    ...quantity('abortIncompleteUploadsAfterMs', written['abort-incomplete-uploads-after'], parseDuration),
  };
}

function transitions(
  written: MayBeOpen<WrittenLifecycleRule['transition']>,
): readonly MayBeOpen<Transition>[] {
  return (written ?? [])
    .filter(isWritten)
    .map(({ after, to }) => ({ afterMs: read(after, parseDuration) ?? 0, to }));
}

function quantity<Key extends string>(
  key: Key,
  text: string | Open | undefined,
  parse: (text: string) => number | undefined,
): Readonly<Partial<Record<Key, number | Open>>> {
  const value = text === undefined ? undefined : read(text, parse);
  return (value === undefined ? {} : { [key]: value }) as Readonly<Partial<Record<Key, number | Open>>>;
}

function read(text: string | Open, parse: (text: string) => number | undefined): number | Open | undefined {
  return text instanceof Open ? text : parse(text);
}

function texts(
  written: Readonly<Record<string, string | Open | undefined>>,
): Readonly<Record<string, string | Open>> {
  return Object.fromEntries(
    Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Items that did not fit the schema were emptied before. */
function isWritten<T>(item: T | null): item is T {
  return item !== null;
}

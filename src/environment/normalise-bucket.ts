import { parseDuration } from '../quantity/duration.ts';
import type { WrittenBucket, WrittenLifecycleRule } from '../schema/generated/environments.types.ts';
import type { Bucket, LifecycleRule, Transition } from './bucket.ts';

/** A bucket's wishes with their defaults and ages parsed. */
export function normaliseBucket(name: string, written: WrittenBucket): Bucket {
  const lock = written['object-lock'];
  const isPrivate = written['block-public-access'];
  return {
    name,
    versioning: written.versioning ?? false,
    ...(written.encryption !== undefined && { encryption: written.encryption }),
    ...(isPrivate !== undefined && { blockPublicAccess: isPrivate }),
    ...(lock !== undefined && { objectLock: { mode: lock.mode, forMs: parseDuration(lock.for) ?? 0 } }),
    lifecycle: (written.lifecycle ?? []).flatMap((rule) => (isWritten(rule) ? [lifecycleRule(rule)] : [])),
  };
}

function lifecycleRule(written: WrittenLifecycleRule): LifecycleRule {
  const { noncurrent } = written;
  return {
    id: written.id,
    prefix: written.prefix ?? '',
    tags: texts(written.tags ?? {}),
    transitions: transitions(written.transition),
    ...age('expireAfterMs', written['expire-after']),
    ...(noncurrent !== undefined && {
      noncurrent: {
        transitions: transitions(noncurrent.transition),
        ...age('expireAfterMs', noncurrent['expire-after']),
      },
    }),
    expireDeleteMarkers: written['expire-delete-markers'] ?? false,
    ...age('abortIncompleteUploadsAfterMs', written['abort-incomplete-uploads-after']),
  };
}

function transitions(written: WrittenLifecycleRule['transition']): readonly Transition[] {
  return (written ?? [])
    .filter(isWritten)
    .map(({ after, to }) => ({ afterMs: parseDuration(after) ?? 0, to }));
}

function age<Key extends string>(key: Key, text: string | undefined): Readonly<Partial<Record<Key, number>>> {
  const ms = text === undefined ? undefined : parseDuration(text);
  return (ms === undefined ? {} : { [key]: ms }) as Readonly<Partial<Record<Key, number>>>;
}

function texts(written: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(written).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** Items that did not fit the schema were emptied before. */
function isWritten<T>(item: T | null): item is T {
  return item !== null;
}

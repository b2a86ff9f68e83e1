import { isCanaryKey } from '../bucket/canary/canary.ts';
import type { ObjectVersion } from '../s3/versions.ts';

/** What a key's versions say of two instants; as small for a key of a million versions as for one. */
export interface KeyHistory {
  readonly key: string;
  /** The current one: an object, or the marker that there is none. */
  readonly now: ObjectVersion;
  /** The one below it, which it took the place of. */
  readonly below: ObjectVersion | undefined;
  /** What was current at the instant; undefined when none of the kept versions is so old. */
  readonly then: ObjectVersion | undefined;
  /** The oldest that is kept. */
  readonly oldest: ObjectVersion;
  readonly versions: number;
  /** When the key's `null` version was written last: what that replaced has left no trace. */
  readonly nullAt: number | undefined;
  /** The listing's order and its times agree on `then` and `now`. */
  readonly agrees: boolean;
  /** Versions other than the current one that were written after `since`, the newest. */
  readonly overtaken: ObjectVersion | undefined;
}

/** The instants that a history is read for, milliseconds since 1970 on the store's clock. */
export interface HistoryInstants {
  /** The last millisecond that counts. */
  readonly at: number;
  /** Versions from then on are looked for beside the current one. */
  readonly since?: number;
}

/**
 * Folds a listing into one history a key. `then` goes by time, and of equal times by the listing's order, newest first;
 * where order and time disagree on what counts, it says so. Canaries of lifecycle rules are nobody's uploads: a restore
 * that hid one would pass for the rule that it waits for.
 */
export async function* historiesOf(
  versions: AsyncIterable<ObjectVersion>,
  instants: HistoryInstants,
): AsyncGenerator<KeyHistory> {
  let fold: Fold | undefined;
  for await (const version of versions) {
    if (isCanaryKey(version.key)) continue;
    if (fold !== undefined && fold.key !== version.key) {
      yield finish(fold);
      fold = undefined;
    }
    fold ??= begin(version);
    add(fold, version, instants);
  }
  if (fold !== undefined) yield finish(fold);
}

interface Fold {
  readonly key: string;
  readonly first: ObjectVersion;
  below: ObjectVersion | undefined;
  latest: ObjectVersion | undefined;
  latests: number;
  thenByOrder: ObjectVersion | undefined;
  thenByTime: ObjectVersion | undefined;
  oldest: ObjectVersion;
  versions: number;
  nullAt: number | undefined;
  overtaken: ObjectVersion | undefined;
}

function begin(first: ObjectVersion): Fold {
  return {
    key: first.key,
    first,
    below: undefined,
    latest: undefined,
    latests: 0,
    thenByOrder: undefined,
    thenByTime: undefined,
    oldest: first,
    versions: 0,
    nullAt: undefined,
    overtaken: undefined,
  };
}

function add(fold: Fold, version: ObjectVersion, { at, since }: HistoryInstants): void {
  fold.versions += 1;
  if (fold.versions === 2) fold.below = version;
  if (version.latest) {
    fold.latests += 1;
    fold.latest ??= version;
  }
  if (version.at <= at) {
    fold.thenByOrder ??= version;
    if (fold.thenByTime === undefined || version.at > fold.thenByTime.at) fold.thenByTime = version;
  }
  if (version.at <= fold.oldest.at) fold.oldest = version;
  if (version.versionId === 'null') fold.nullAt = version.at;
  if (since !== undefined && version.at >= since && !version.latest) fold.overtaken ??= version;
}

function finish(fold: Fold): KeyHistory {
  const { key, first, below, latest, latests, thenByOrder, thenByTime, oldest, versions } = fold;
  return {
    key,
    now: latest ?? first,
    below,
    then: thenByTime,
    oldest,
    versions,
    nullAt: fold.nullAt,
    agrees: thenByOrder === thenByTime && latests === 1 && latest === first,
    overtaken: fold.overtaken,
  };
}

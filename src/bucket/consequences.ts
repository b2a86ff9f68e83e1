import type { Bucket, LifecycleRule, Transition } from '../language/environment/bucket.ts';
import type { S3 } from '../s3/client.ts';
import { listUploads } from '../s3/listing.ts';
import { listVersions, versionPages, type ObjectVersion } from '../s3/versions.ts';
import type { ComparedRow } from './compare.ts';
import { renderPlanDuration } from '../base/quantity/duration.ts';
import { renderBytes } from '../base/quantity/size.ts';

/**
 * The rows of a bucket's lifecycle, with what each new or changed rule would do at the store's next pass, counted over
 * every version below its prefix. Rules of one prefix are counted in one listing.
 * @throws Failure `repository-*`
 */
export async function consequences(
  store: S3,
  bucket: Bucket,
  rows: readonly ComparedRow[],
  signal?: AbortSignal,
): Promise<readonly ComparedRow[]> {
  const changed = bucket.lifecycle.filter(({ id }) => rows.some((row) => ruleOf(row) === id));
  const now = Date.now();
  const counted = changed.map((rule) => ({ rule, effects: createRuleEffects(rule, now) }));
  for (const prefix of new Set(counted.map(({ rule }) => rule.prefix))) {
    await countBelow(
      store,
      prefix,
      counted.filter(({ rule }) => rule.prefix === prefix),
      signal,
    );
  }
  const told = new Map(counted.map(({ rule, effects }) => [rule.id, effects.sentences()]));
  return rows.map((row, index) => {
    const id = ruleOf(row);
    const isFirst = rows.findIndex((other) => ruleOf(other) === id) === index;
    const sentences = id === undefined ? undefined : told.get(id);
    if (!isFirst || sentences === undefined) return row;
    return {
      ...row,
      consequence: sentences.length === 0 ? 'nothing at the next pass' : sentences.join('; '),
    };
  });
}

async function countBelow(
  store: S3,
  prefix: string,
  counted: readonly { readonly rule: LifecycleRule; readonly effects: RuleEffects }[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const seesVersions = counted.some(
    ({ rule }) =>
      rule.expireAfterMs !== undefined ||
      rule.transitions.length > 0 ||
      rule.noncurrent !== undefined ||
      rule.expireDeleteMarkers,
  );
  if (seesVersions) {
    for await (const version of listVersions(versionPages(store, prefix, signal)))
      for (const { effects } of counted) effects.add(version);
  }
  if (counted.every(({ rule }) => rule.abortIncompleteUploadsAfterMs === undefined)) return;
  for await (const { key, startedAt } of listUploads(store, signal))
    for (const { effects } of counted) effects.addUpload({ key, startedAtMs: startedAt.getTime() });
}

/** The id of the wished rule that a row is about: ids are names, without dots. */
function ruleOf({ setting, key }: ComparedRow): string | undefined {
  return setting === 'lifecycle' ? key.split('.')[1] : undefined;
}

/** One version or delete marker of a key, as a listing gives them: newest first. */
export type ListedVersion = Pick<ObjectVersion, 'key' | 'kind' | 'latest' | 'at' | 'bytes' | 'storageClass'>;

interface Tally {
  count: number;
  bytes: number;
}

/**
 * What a rule would do to the versions of a bucket at the next pass of the store: fed with every version in the order of
 * a listing, it keeps a few numbers, whatever their count. Tags, which a listing does not have and which would take a request an object, are not looked at: `sentences` then says so.
 */
export interface RuleEffects {
  add(version: ListedVersion): void;
  addUpload(upload: { readonly key: string; readonly startedAtMs: number }): void;
  /** After the last version. */
  sentences(): readonly string[];
}

export function createRuleEffects(rule: LifecycleRule, nowMs: number): RuleEffects {
  const tallies = new Map<string, Tally>();
  const count = (what: string, bytes: number): void => {
    const tally = tallies.get(what) ?? { count: 0, bytes: 0 };
    tallies.set(what, { count: tally.count + 1, bytes: tally.bytes + bytes });
  };
  let current: { key: string; newerAtMs: number; noncurrent: number } | undefined;
  /** A delete marker expires when it turns out to be all that is left of its key. */
  let lonely: ListedVersion | undefined;
  const settleMarker = (): void => {
    if (lonely !== undefined && rule.expireDeleteMarkers)
      count('delete markers that hide nothing would be removed', 0);
    lonely = undefined;
  };
  return {
    add: (version) => {
      if (!version.key.startsWith(rule.prefix)) return;
      if (version.key !== current?.key) {
        settleMarker();
        current = { key: version.key, newerAtMs: version.at, noncurrent: 0 };
        lonely = version.kind === 'marker' ? version : undefined;
      } else {
        lonely = undefined;
      }
      const { newerAtMs } = current;
      current.newerAtMs = version.at;
      if (!version.latest) current.noncurrent += 1;
      if (!hasSize(rule, version)) return;
      if (version.latest) addCurrent(rule, version, nowMs, count);
      else addNoncurrent(rule, version, { nowMs, sinceMs: newerAtMs, newer: current.noncurrent - 1 }, count);
    },
    addUpload: ({ key, startedAtMs }) => {
      const limit = rule.abortIncompleteUploadsAfterMs;
      if (limit === undefined || !key.startsWith(rule.prefix) || nowMs - startedAtMs < limit) return;
      count(`unfinished uploads older than ${spaced(limit)} would be aborted`, 0);
    },
    sentences: () => {
      settleMarker();
      const hasTags = Object.keys(rule.tags).length > 0;
      return [...tallies].map(([what, tally]) => {
        const size = tally.bytes > 0 ? `, ${renderBytes(tally.bytes)}` : '';
        const words =
          tally.count === 1 ? what.replace('versions', 'version').replace('objects', 'object') : what;
        return `${hasTags ? 'at most ' : ''}${tally.count} ${words} at the next pass${size}${hasTags ? ' (counted without their tags)' : ''}`;
      });
    },
  };
}

type Count = (what: string, bytes: number) => void;

function addCurrent(rule: LifecycleRule, version: ListedVersion, nowMs: number, count: Count): void {
  if (version.kind === 'marker') return;
  const ageMs = nowMs - version.at;
  if (rule.expireAfterMs !== undefined && ageMs >= rule.expireAfterMs) {
    count(`objects older than ${spaced(rule.expireAfterMs)} would expire`, version.bytes);
    return;
  }
  const move = dueTransition(rule.transitions, ageMs, version.storageClass);
  if (move !== undefined)
    count(`objects older than ${spaced(move.afterMs)} would move to ${move.to}`, version.bytes);
}

function addNoncurrent(
  { noncurrent }: LifecycleRule,
  version: ListedVersion,
  at: { readonly nowMs: number; readonly sinceMs: number; readonly newer: number },
  count: Count,
): void {
  if (noncurrent === undefined) return;
  const ageMs = at.nowMs - at.sinceMs;
  const { expireAfterMs, keepNewest = 0 } = noncurrent;
  if (expireAfterMs !== undefined && ageMs >= expireAfterMs && at.newer >= keepNewest) {
    count(`noncurrent versions older than ${spaced(expireAfterMs)} would expire`, version.bytes);
    return;
  }
  if (version.kind === 'marker') return;
  const move = dueTransition(noncurrent.transitions, ageMs, version.storageClass);
  if (move !== undefined)
    count(`noncurrent versions older than ${spaced(move.afterMs)} would move to ${move.to}`, version.bytes);
}

/** The last move whose time has come, unless it was made already. */
function dueTransition(
  moves: readonly Transition[],
  ageMs: number,
  storageClass: string,
): Transition | undefined {
  const due = moves
    .filter(({ afterMs }) => ageMs >= afterMs)
    .sort((left, right) => right.afterMs - left.afterMs);
  const [last] = due;
  return last === undefined || last.to === storageClass ? undefined : last;
}

function hasSize(
  { largerThanBytes = -1, smallerThanBytes = Infinity }: LifecycleRule,
  version: ListedVersion,
): boolean {
  return version.kind === 'marker' || (version.bytes > largerThanBytes && version.bytes < smallerThanBytes);
}

/** `30 d`: as prose has it. */
function spaced(ms: number): string {
  return renderPlanDuration(ms).replace(/(\d+)/, '$1 ');
}

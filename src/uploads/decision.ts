import type { KeyHistory } from './key-history.ts';
import type { ObjectVersion } from '../s3/versions.ts';

/**
 * Why a key's state at an instant cannot be known for sure:
 * - `null-overwritten`: its `null` version was written later, while the bucket kept no versions, and may have replaced
 *   another one;
 * - `may-have-expired`: none of its versions is so old, and those that were may have expired;
 * - `disordered`: the listing's order and its times contradict each other there.
 */
export type Doubt = 'null-overwritten' | 'may-have-expired' | 'disordered';

/** What must be done for a key to be as it was, and nothing is deleted by any of it. */
export type Action = 'none' | 'promote' | 'hide';

export interface Decision {
  readonly key: string;
  readonly action: Action;
  /** What is current now. */
  readonly now: ObjectVersion;
  /** The object that was current then; undefined when there was none. */
  readonly wanted: ObjectVersion | undefined;
  readonly doubt: Doubt | undefined;
}

export interface DecisionFacts {
  /** The last millisecond that counts, on the store's clock. */
  readonly at: number;
  /** The store's clock now. */
  readonly nowMs: number;
  /** After how many milliseconds of not being current a key's versions expire, at the earliest; undefined: never. */
  readonly expiryOf: (key: string) => number | undefined;
}

/** How a key gets back to what it was at an instant. Pure. */
export function decide(history: KeyHistory, facts: DecisionFacts): Decision {
  const { key, now, then } = history;
  const wanted = then?.kind === 'object' ? then : undefined;
  return { key, now, wanted, action: actionOf(now, wanted), doubt: doubtOf(history, facts) };
}

function actionOf(now: ObjectVersion, wanted: ObjectVersion | undefined): Action {
  if (wanted === undefined) return now.kind === 'object' ? 'hide' : 'none';
  return now.kind === 'object' && now.versionId === wanted.versionId ? 'none' : 'promote';
}

function doubtOf(history: KeyHistory, { at, nowMs, expiryOf }: DecisionFacts): Doubt | undefined {
  const { key, then, oldest, nullAt, agrees } = history;
  // A `null` of before the instant was not written since; a later one may have replaced what was there.
  if (nullAt !== undefined && nullAt > at) return 'null-overwritten';
  if (!agrees) return 'disordered';
  if (then !== undefined) return undefined;
  // An older version would have stopped being current when the oldest one that is kept was written.
  const expiry = expiryOf(key);
  return expiry !== undefined && nowMs >= oldest.at + expiry ? 'may-have-expired' : undefined;
}

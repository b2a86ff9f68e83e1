import { defined } from '../base/defined.ts';
import type { Decision, DecisionFacts, Doubt } from './decision.ts';
import { decide } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import { looksEqual } from './object-version.ts';
import type { KeyList } from './refused-keys.ts';
import { isArchivedClass } from '../s3/copy.ts';

/** What a restore is about to do, in numbers: found by one pass over the listing, which changes nothing. */
export interface Survey {
  readonly keys: number;
  readonly versions: number;
  readonly unchanged: number;
  /** Current at the instant. */
  readonly then: { readonly keys: number; readonly bytes: number };
  /** Keys of which any version, object or marker, is as old as the instant. */
  readonly known: number;
  readonly promote: { readonly keys: number; readonly bytes: number };
  /** Of those: the same size and ETag are current already, and a closer look may find nothing to do. */
  readonly alike: number;
  readonly hide: { readonly keys: number; readonly bytes: number };
  readonly archived: { readonly keys: number; readonly bytes: number };
  readonly doubts: Readonly<Record<Doubt, number>>;
}

/** @throws Failure of the listing */
export async function survey(
  histories: AsyncIterable<KeyHistory>,
  facts: DecisionFacts,
  lists: {
    readonly untrusted: KeyList;
    readonly planned?: KeyList;
    /** What was current is copied to elsewhere, and nothing is changed here. */
    readonly copies: boolean;
    readonly onKeys: (count: number) => void;
  },
): Promise<Survey> {
  const then = { keys: 0, bytes: 0 };
  const promote = { keys: 0, bytes: 0 };
  const hide = { keys: 0, bytes: 0 };
  const archived = { keys: 0, bytes: 0 };
  const doubts = { 'null-overwritten': 0, 'may-have-expired': 0, disordered: 0 };
  const sums = { keys: 0, versions: 0, unchanged: 0, alike: 0, known: 0 };
  for await (const history of histories) {
    const decision = decide(history, facts);
    const { key, action, doubt, wanted, now } = decision;
    sums.keys += 1;
    sums.versions += history.versions;
    if (sums.keys % 1000 === 0) lists.onKeys(sums.keys);
    if (doubt !== undefined) {
      doubts[doubt] += 1;
      await lists.untrusted.add(key, { doubt, action });
    }
    if (history.then !== undefined) sums.known += 1;
    if (wanted !== undefined) count(then, wanted.bytes);
    if (action === 'none') sums.unchanged += 1;
    if (action === 'hide') count(hide, now.bytes);
    if (action === 'promote' && wanted !== undefined) {
      count(promote, wanted.bytes);
      if (now.kind === 'object' && looksEqual(now, wanted)) sums.alike += 1;
    }
    const source = copiedBy(decision, lists.copies);
    if (source !== undefined && isArchivedClass(source.storageClass)) count(archived, source.bytes);
    if (source !== undefined || (action === 'hide' && !lists.copies))
      await lists.planned?.add(key, plannedLine(decision, lists.copies));
  }
  return { ...sums, then, promote, hide, archived, doubts };
}

/** The version that a decision reads: to the top of its key where it is not, or to elsewhere whatever is current. */
export function copiedBy({ action, wanted }: Decision, toElsewhere: boolean): Decision['wanted'] {
  return toElsewhere || action === 'promote' ? wanted : undefined;
}

function count(sum: { keys: number; bytes: number }, bytes: number): void {
  sum.keys += 1;
  sum.bytes += bytes;
}

function plannedLine(
  { action, now, wanted, doubt }: Decision,
  copies: boolean,
): Readonly<Record<string, unknown>> {
  return {
    action: copies ? 'copy' : action,
    before: now.versionId,
    promote: wanted?.versionId ?? null,
    bytes: wanted?.bytes ?? 0,
    ...defined({ doubt }),
  };
}

import type { Decision, DecisionFacts, Doubt } from './decision.ts';
import { decide } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import { looksEqual } from './object-version.ts';
import type { KeyList } from './refused-keys.ts';
import { isArchivedClass } from './version-head.ts';

/** What a restore is about to do, in numbers: found by one pass over the listing, which changes nothing. */
export interface Survey {
  readonly keys: number;
  readonly versions: number;
  readonly unchanged: number;
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
    readonly onKeys: (count: number) => void;
  },
): Promise<Survey> {
  const promote = { keys: 0, bytes: 0 };
  const hide = { keys: 0, bytes: 0 };
  const archived = { keys: 0, bytes: 0 };
  const doubts = { 'null-overwritten': 0, 'may-have-expired': 0, disordered: 0 };
  const sums = { keys: 0, versions: 0, unchanged: 0, alike: 0 };
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
    if (action === 'none') sums.unchanged += 1;
    if (action === 'hide') count(hide, now.bytes);
    if (action === 'promote' && wanted !== undefined) {
      count(promote, wanted.bytes);
      if (now.kind === 'object' && looksEqual(now, wanted)) sums.alike += 1;
      if (isArchivedClass(wanted.storageClass)) count(archived, wanted.bytes);
    }
    if (action !== 'none') await lists.planned?.add(key, plannedLine(decision));
  }
  return { ...sums, promote, hide, archived, doubts };
}

function count(sum: { keys: number; bytes: number }, bytes: number): void {
  sum.keys += 1;
  sum.bytes += bytes;
}

function plannedLine({ action, now, wanted, doubt }: Decision): Readonly<Record<string, unknown>> {
  return {
    action,
    before: now.versionId,
    promote: wanted?.versionId ?? null,
    bytes: wanted?.bytes ?? 0,
    ...(doubt !== undefined && { doubt }),
  };
}

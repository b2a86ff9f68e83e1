import { isCopyOf } from './copy-of.ts';
import { decide, type Decision, type DecisionFacts } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import { looksEqual } from './object-version.ts';
import type { KeyList } from './refused-keys.ts';
import type { RestoreWork } from './restore-work.ts';

/** What a last look at the listing found. */
export interface Confirmation {
  readonly keys: number;
  /** Current is not what was current then: written since, or refused. */
  readonly wrong: KeyList;
  /** As then, but somebody wrote them while the restore was under way, and that write lies below now. */
  readonly overtaken: KeyList;
  /** Which version is the copy that a key was brought back by: not every store tells when it makes one. */
  readonly made: KeyList;
}

/**
 * Lists everything once more and holds it against the instant: the proof that the bucket is as it was, and the way to
 * find keys that others wrote meanwhile, because no store promises a copy only onto what was seen before.
 * @throws Failure of the listing
 */
export async function confirmRestored(
  histories: AsyncIterable<KeyHistory>,
  facts: DecisionFacts,
  work: Pick<RestoreWork, 'store' | 'signal' | 'report'> & { readonly skipUntrusted: boolean },
  lists: Omit<Confirmation, 'keys'>,
): Promise<Confirmation> {
  let keys = 0;
  for await (const history of histories) {
    keys += 1;
    if (keys % 1000 === 0) work.report.phase(`looking at the result: ${keys} keys`);
    const decision = decide(history, facts);
    if (decision.doubt !== undefined && work.skipUntrusted) continue;
    const { now, wanted } = decision;
    const isRight = await isAsWanted(work, decision);
    if (isRight && decision.action === 'promote') await lists.made.add(history.key, { made: now.versionId });
    if (!isRight) await lists.wrong.add(history.key, { is: now.versionId, was: wanted?.versionId ?? null });
    const { overtaken } = history;
    // Two copies of one version lie there when the answer to the first was lost.
    const isOwn = overtaken !== undefined && wanted !== undefined && looksEqual(overtaken, wanted);
    if (isRight && overtaken?.kind === 'object' && !isOwn)
      await lists.overtaken.add(history.key, { written: overtaken.versionId });
  }
  return { keys, ...lists };
}

async function isAsWanted(
  work: Pick<RestoreWork, 'store' | 'signal'>,
  { action, now, wanted }: Decision,
): Promise<boolean> {
  if (action === 'none') return true;
  return action === 'promote' && wanted !== undefined && (await isCopyOf(work, now, wanted));
}

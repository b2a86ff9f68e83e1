import { Failure } from '../base/failure.ts';
import { urlOf, type S3 } from '../s3/client.ts';
import { copyVersion } from '../s3/copy.ts';
import { headObject, headVersion } from '../s3/object.ts';
import { referenceTo } from './change.ts';
import { changeKey, copyMade } from './change-key.ts';
import { decide, type Decision, type DecisionFacts } from './decision.ts';
import type { KeyHistory } from './key-history.ts';
import { forEachOf } from '../base/waiting.ts';
import { noteRefused } from './refused-keys.ts';
import { changesOf, noSums, type RestoreSums, type RestoreWork } from './restore-work.ts';
import { isSameObject } from './same-object.ts';

/** Another place for the copies, in the same store. */
export interface IntoTarget {
  readonly bucket: string;
  /** Without slashes at its ends; empty for none. */
  readonly prefix: string;
  /** Whether that bucket keeps what is overwritten. */
  readonly versioned: boolean;
}

export interface RestorePlan {
  readonly facts: DecisionFacts;
  readonly skipUntrusted: boolean;
  readonly into: IntoTarget | undefined;
  readonly totals: { readonly keys: number; readonly bytes: number };
}

/**
 * Brings every key of a listing back, many at a time. A key that the store refuses is noted, and the rest goes on.
 * @throws Failure of the listing, or of a store that refuses everything or is away
 */
export async function restoreKeys(
  histories: AsyncIterable<KeyHistory>,
  plan: RestorePlan,
  work: RestoreWork,
): Promise<RestoreSums> {
  const sums = noSums();
  let keys = 0;
  await forEachOf(histories, { atOnce: work.lanes, signal: work.signal }, async (history, signal) => {
    const decision = decide(history, plan.facts);
    const own = { ...work, signal };
    try {
      await bringToInstant(own, plan, decision, sums);
    } catch (error) {
      signal.throwIfAborted();
      await noteRefused(work.refused, history.key, error, changesOf(sums));
    }
    keys += 1;
    work.report.progress(sums.bytes, plan.totals.bytes);
    if (keys % 100 === 0)
      work.report.phase(`restoring: ${keys} keys seen, ${changesOf(sums)} of ${plan.totals.keys} changed`);
  });
  return sums;
}

async function bringToInstant(
  work: RestoreWork,
  { skipUntrusted, into }: RestorePlan,
  { key, action, now, wanted, doubt }: Decision,
  sums: RestoreSums,
): Promise<void> {
  if (doubt !== undefined && skipUntrusted) {
    if (action !== 'none') sums.skipped += 1;
    return;
  }
  if (into !== undefined) {
    if (wanted !== undefined) await copyInto(work, into, wanted, sums);
    return;
  }
  if (action !== 'none') await changeKey(work, { key, now, wanted }, sums);
}

/** Copies what was current to another place. Nothing that lies there is lost: it is a version, or stays. */
async function copyInto(
  work: RestoreWork,
  into: IntoTarget,
  wanted: NonNullable<Decision['wanted']>,
  sums: RestoreSums,
): Promise<void> {
  const { store, signal, limits, journal, access } = work;
  const { key } = wanted;
  const target = store.at(into);
  const head = await headVersion(store, key, wanted.versionId, signal);
  const there = await headObject(target, key, signal);
  if (there !== undefined) {
    const source = { versionId: wanted.versionId, head };
    const current = { versionId: there.VersionId ?? 'null' };
    const isOpenToSame = (): Promise<boolean> =>
      access.isSame(
        { store: target, key, versionId: current.versionId },
        { store, key, versionId: wanted.versionId },
        signal,
      );
    if ((await isSameObject(target, key, current, source, signal, store)) && (await isOpenToSame())) {
      sums.already += 1;
      return;
    }
    if (!into.versioned) throw occupied(target, key);
  }
  const line = {
    key,
    action: 'copied' as const,
    before: null,
    promoted: referenceTo(wanted),
    into: urlOf(target.location, key),
  };
  await journal.begin(line);
  const made = await copyVersion(store, wanted, target, head, { limits, signal });
  const copy = (): ReturnType<typeof copyMade> => copyMade(target, key, wanted, made, signal);
  await access.keep({ store, key, versionId: wanted.versionId, head }, target, copy, signal);
  await journal.done({ ...line, made });
  sums.copied += 1;
  sums.bytes += wanted.bytes;
}

/** About this key alone. */
function occupied(store: S3, key: string): Failure {
  const why = `${urlOf(store.location, key)} is another object, and its bucket keeps no versions: it is not overwritten`;
  return new Failure('target-refused', why);
}

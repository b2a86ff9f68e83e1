import { randomBytes } from 'node:crypto';
import type { Bucket } from '../language/environment/bucket.ts';
import { storedLifecycle, type StoredRule } from '../s3/bucket.ts';
import type { S3 } from '../s3/client.ts';
import { changedMeanwhile } from './changed-meanwhile.ts';
import { differences } from './facts.ts';
import { keptOtherwise } from './kept-otherwise.ts';
import { isRehearsal, rehearsalId, ruleFacts, storedRule } from './lifecycle-rules.ts';

/**
 * Writes the wished rules under a prefix that no object has, beside the rules that are there, and reads them back; the
 * wished ones are to be written over them. Only a failure puts the former ones back: a store that works on a bucket
 * whose rules are gone for a moment may forget the bucket (Ceph 16). Some stores drop parts of a rule in silence, and
 * what is left would then remove everything (field lessons: Ceph and NewerNoncurrentVersions): so no rule acts on an
 * object before the store has shown that it keeps all of it, and whoever is killed in between leaves rules that act on
 * nothing. The ids of each try are its own, so that another apply at the same time is told from a store that drops.
 *
 * @throws Failure `bucket-kept-otherwise`; `bucket-changed` when somebody else has written meanwhile, whose rules then
 *   stand; `repository-*`
 */
export async function rehearseRules(
  store: S3,
  bucket: Bucket,
  is: readonly StoredRule[] | undefined,
): Promise<void> {
  const former = (is ?? []).filter(({ ID }) => !isRehearsal(ID));
  const token = randomBytes(6).toString('hex');
  const ownId = `${rehearsalId}${token}-`;
  const tried = bucket.lifecycle.map((rule) =>
    storedRule({ ...rule, id: `${ownId}${rule.id}`, prefix: `.${rehearsalId}${token}/${rule.prefix}` }),
  );
  const sent = [...former, ...tried];
  let kept: readonly StoredRule[];
  try {
    await storedLifecycle.write(store, sent);
    kept = (await storedLifecycle.read(store)) ?? [];
  } catch (error) {
    await storedLifecycle.write(store, former);
    throw error;
  }
  const wrong = differences(ruleFacts(kept), ruleFacts(sent));
  if (wrong.length === 0) return;
  if (isOfOthers(kept, { sent, former, ownId })) throw changedMeanwhile(bucket.name, 'lifecycle');
  await storedLifecycle.write(store, former);
  throw keptOtherwise(bucket.name, 'lifecycle', wrong);
}

/** A store that drops leaves ids that were sent; another's write has ids of its own, or none of this try. */
function isOfOthers(
  kept: readonly StoredRule[],
  {
    sent,
    former,
    ownId,
  }: { readonly sent: readonly StoredRule[]; readonly former: readonly StoredRule[]; readonly ownId: string },
): boolean {
  const known = new Set(sent.map(({ ID }) => ID));
  if (kept.some(({ ID }) => !known.has(ID))) return true;
  const isGone = !kept.some(({ ID }) => ID?.startsWith(ownId) === true);
  return isGone && differences(ruleFacts(kept), ruleFacts(former)).length > 0;
}

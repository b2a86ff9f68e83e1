import { randomBytes } from 'node:crypto';
import type { LifecycleRule as StoredRule } from '@aws-sdk/client-s3';
import type { Bucket } from '../environment/bucket.ts';
import type { S3Store } from '../repository/s3-client.ts';
import { differences } from './facts.ts';
import { keptOtherwise } from './kept-otherwise.ts';
import { readLifecycle, removeLifecycle, writeLifecycle } from './lifecycle-calls.ts';
import { isRehearsal, rehearsalId, ruleFacts, storedRule } from './lifecycle-rules.ts';

/**
 * Writes the wished rules under a prefix that no object has, beside the rules that are there, and reads them back; the
 * wished ones are to be written over them. Only a failure puts the former ones back: a store that works on a bucket
 * whose rules are gone for a moment may forget the bucket (Ceph 16). Some stores drop parts of a rule in silence, and what is left would then remove everything
 * (field lessons: Ceph and NewerNoncurrentVersions): so no rule acts on an object before the store has shown that it
 * keeps all of it, and whoever is killed in between leaves rules that act on nothing.
 *
 * @throws Failure `bucket-kept-otherwise`; the SDK's errors
 */
export async function rehearseRules(
  store: S3Store,
  bucket: Bucket,
  is: readonly StoredRule[] | undefined,
): Promise<void> {
  const former = (is ?? []).filter(({ ID }) => !isRehearsal(ID));
  const place = `.${rehearsalId}${randomBytes(6).toString('hex')}/`;
  const tried = bucket.lifecycle.map((rule) =>
    storedRule({ ...rule, id: `${rehearsalId}${rule.id}`, prefix: `${place}${rule.prefix}` }),
  );
  const sent = [...former, ...tried];
  try {
    await writeLifecycle(store, sent);
    const kept = (await readLifecycle(store)) ?? [];
    const wrong = differences(ruleFacts(kept), ruleFacts(sent));
    if (wrong.length > 0) throw keptOtherwise(bucket.name, 'lifecycle', wrong);
  } catch (error) {
    await putBack(store, former);
    throw error;
  }
}

async function putBack(store: S3Store, former: readonly StoredRule[]): Promise<void> {
  if (former.length === 0) await removeLifecycle(store);
  else await writeLifecycle(store, former);
}

import { defined } from '../../base/defined.ts';
import { randomBytes } from 'node:crypto';
import type { S3 } from '../../s3/client.ts';
import { encodeTags, putObject, removeObject } from '../../s3/object.ts';
import { beginParts } from '../../s3/upload.ts';
import { canaryFolder, covers, type CanaryWish, type RuleScope } from './canary.ts';
import type { PlantedCanary } from './ledger.ts';

export interface Planting {
  readonly store: S3;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

/**
 * Puts a canary where the rule is about it; undefined for a rule about versions in a bucket that keeps none.
 * @throws Failure `repository-*`
 */
export async function plant(
  wish: CanaryWish,
  { store, signal, nowMs }: Planting,
): Promise<PlantedCanary | undefined> {
  const key = `${wish.prefix}${canaryFolder}${randomBytes(8).toString('hex')}`;
  const planted = { rule: wish.rule, act: wish.act, key, plantedAtMs: nowMs, days: wish.days };
  if (wish.act === 'is aborted as an unfinished upload') {
    return { ...planted, uploadId: await beginParts(store, key, {}, signal) };
  }
  const put = () => putObject(store, key, new Uint8Array(wish.bytes), tagging(wish), signal);
  const versionId = await put();
  const isOfVersions = wish.act.endsWith('noncurrent version') || wish.act === 'expires as a delete marker';
  if (isOfVersions && versionId === undefined) {
    await removeObject(store, key, { signal });
    return undefined;
  }
  const version = versionId === undefined ? {} : { versionId };
  if (wish.act === 'expires as a delete marker') {
    await removeObject(store, key, { signal });
    await removeObject(store, key, { versionId, signal });
    return planted;
  }
  if (wish.act.endsWith('noncurrent version')) {
    for (let newer = 0; newer <= (wish.keepNewest ?? 0); newer += 1) await put();
  }
  return {
    ...planted,
    ...version,
    ...defined({ storageClass: wish.storageClass }),
  };
}

/**
 * Puts an object beside the canary that differs in one thing alone, so that no rule is about it: without the tags, of
 * another size, or outside of the prefix. Undefined where every such object is some rule's.
 */
export async function plantControl(
  wish: CanaryWish,
  scopes: readonly RuleScope[],
  { store, signal, nowMs }: Planting,
): Promise<PlantedCanary | undefined> {
  const name = `${canaryFolder}${randomBytes(8).toString('hex')}`;
  const candidates = [
    { key: `${wish.prefix}${name}`, tags: {}, bytes: wish.bytes },
    { key: `${wish.prefix}${name}`, tags: wish.tags, bytes: 0 },
    { key: name, tags: wish.tags, bytes: wish.bytes },
  ];
  const free = candidates.find((candidate) => !scopes.some((scope) => covers(scope, candidate)));
  if (free === undefined) return undefined;
  await putObject(store, free.key, new Uint8Array(free.bytes), tagging(free), signal);
  return { rule: wish.rule, act: 'control', key: free.key, plantedAtMs: nowMs, days: wish.days };
}

function tagging({ tags }: Pick<CanaryWish, 'tags'>): { readonly Tagging?: string } {
  return Object.keys(tags).length === 0 ? {} : { Tagging: encodeTags(tags) };
}

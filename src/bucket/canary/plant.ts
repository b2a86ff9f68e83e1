import { randomBytes } from 'node:crypto';
import type { S3Store } from '../../store/s3-client.ts';
import { canaryFolder, covers, type CanaryWish, type RuleScope } from './canary.ts';
import type { PlantedCanary } from './ledger.ts';

export interface Planting {
  readonly store: S3Store;
  readonly signal: AbortSignal;
  readonly nowMs: number;
}

/**
 * Puts a canary where the rule is about it; undefined for a rule about versions in a bucket that keeps none.
 * @throws the SDK's errors
 */
export async function plant(
  wish: CanaryWish,
  { store, signal, nowMs }: Planting,
): Promise<PlantedCanary | undefined> {
  const { sdk, client, location } = store;
  const options = { abortSignal: signal };
  const key = `${wish.prefix}${canaryFolder}${randomBytes(8).toString('hex')}`;
  const target = { Bucket: location.bucket, Key: key };
  const planted = { rule: wish.rule, act: wish.act, key, plantedAtMs: nowMs, days: wish.days };
  if (wish.act === 'is aborted as an unfinished upload') {
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(target), options);
    return { ...planted, ...(UploadId !== undefined && { uploadId: UploadId }) };
  }
  const put = () => client.send(new sdk.PutObjectCommand({ ...target, ...contentOf(wish) }), options);
  const { VersionId } = await put();
  const isOfVersions = wish.act.endsWith('noncurrent version') || wish.act === 'expires as a delete marker';
  if (isOfVersions && VersionId === undefined) {
    await client.send(new sdk.DeleteObjectCommand(target), options);
    return undefined;
  }
  const version = VersionId === undefined ? {} : { versionId: VersionId };
  if (wish.act === 'expires as a delete marker') {
    await client.send(new sdk.DeleteObjectCommand(target), options);
    await client.send(new sdk.DeleteObjectCommand({ ...target, VersionId }), options);
    return planted;
  }
  if (wish.act.endsWith('noncurrent version')) {
    for (let newer = 0; newer <= (wish.keepNewest ?? 0); newer += 1) await put();
  }
  return {
    ...planted,
    ...version,
    ...(wish.storageClass !== undefined && { storageClass: wish.storageClass }),
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
  const { sdk, client, location } = store;
  const command = new sdk.PutObjectCommand({ Bucket: location.bucket, Key: free.key, ...contentOf(free) });
  await client.send(command, { abortSignal: signal });
  return { rule: wish.rule, act: 'control', key: free.key, plantedAtMs: nowMs, days: wish.days };
}

function contentOf({ tags, bytes }: Pick<CanaryWish, 'tags' | 'bytes'>): {
  Body: Uint8Array;
  Tagging?: string;
} {
  const words = Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('='));
  return { Body: new Uint8Array(bytes), ...(words.length > 0 && { Tagging: words.join('&') }) };
}

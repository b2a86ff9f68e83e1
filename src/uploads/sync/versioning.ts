import { Failure } from '../../base/failure.ts';
import { storedVersioning } from '../../s3/bucket.ts';
import { urlOf, type S3 } from '../../s3/client.ts';

/**
 * Refuses a bucket that keeps no versions: what a sync overwrites or deletes there is gone.
 * @throws Failure `target-refused`, `repository-*`
 */
export async function requireVersions(store: S3, signal: AbortSignal): Promise<void> {
  const status = await storedVersioning.read(store, signal);
  if (status === 'Enabled') return;
  const state = status === 'Suspended' ? 'has its versioning suspended' : 'keeps no versions';
  throw new Failure('target-refused', `the bucket of ${urlOf(store.location)} ${state}`, {
    hint: "What a sync overwrites there is lost. Turn versioning on, or say 'allow-unversioned: true'.",
  });
}

import { Failure } from '../../base/failure.ts';
import { urlOf, type S3Store } from '../../store/s3-client.ts';
import { s3Failure } from '../../store/s3-failure.ts';

/**
 * Refuses a bucket that keeps no versions: what a sync overwrites or deletes there is gone.
 * @throws Failure `target-refused`, `repository-*`
 */
export async function requireVersions(store: S3Store, signal: AbortSignal): Promise<void> {
  const { sdk, client, location } = store;
  const command = new sdk.GetBucketVersioningCommand({ Bucket: location.bucket });
  const { Status } = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw s3Failure(error, 'read', location);
  });
  if (Status === 'Enabled') return;
  const state = Status === 'Suspended' ? 'has its versioning suspended' : 'keeps no versions';
  throw new Failure('target-refused', `the bucket of ${urlOf(location)} ${state}`, {
    hint: "What a sync overwrites there is lost. Turn versioning on, or say 'allow-unversioned: true'.",
  });
}

import type { LifecycleRule as StoredRule } from '@aws-sdk/client-s3';
import type { S3Store } from '../store/s3-client.ts';

/** @throws the SDK's errors, `NoSuchLifecycleConfiguration` when there is none */
export async function readLifecycle(
  { sdk, client, location }: S3Store,
  abortSignal?: AbortSignal,
): Promise<readonly StoredRule[] | undefined> {
  const command = new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: location.bucket });
  const { Rules } = await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) });
  return Rules === undefined || Rules.length === 0 ? undefined : Rules;
}

/** Replaces every rule of the bucket: the store has no call for one. An empty list cannot be kept, only deleted. */
export async function writeLifecycle(store: S3Store, rules: readonly StoredRule[]): Promise<void> {
  const { sdk, client, location } = store;
  if (rules.length === 0) {
    await removeLifecycle(store);
    return;
  }
  const command = new sdk.PutBucketLifecycleConfigurationCommand({
    Bucket: location.bucket,
    LifecycleConfiguration: { Rules: [...rules] },
  });
  await client.send(command);
}

export async function removeLifecycle({ sdk, client, location }: S3Store): Promise<void> {
  await client.send(new sdk.DeleteBucketLifecycleCommand({ Bucket: location.bucket }));
}

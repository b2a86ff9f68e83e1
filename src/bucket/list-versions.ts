import { Failure } from '../base/failure.ts';
import { urlOf, type S3Store } from '../store/s3-client.ts';
import { bucketFailure } from './bucket-store.ts';
import type { ListedVersion } from './rule-effects.ts';

/**
 * Every version and delete marker below a prefix, by key and newest first, a page of up to 1,000 in memory at a time.
 * @throws Failure `repository-*`
 */
export async function* listVersions(
  store: S3Store,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<ListedVersion> {
  const { sdk, client, location } = store;
  for (let marker: { KeyMarker?: string; VersionIdMarker?: string } = {}; ;) {
    signal?.throwIfAborted();
    const command = new sdk.ListObjectVersionsCommand({ Bucket: location.bucket, Prefix: prefix, ...marker });
    const page = await client
      .send(command, { ...(signal !== undefined && { abortSignal: signal }) })
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        const call = { doing: 'read the versions', permission: 's3:ListBucketVersions' };
        throw bucketFailure(error, call, location);
      });
    yield* inOrder([
      ...(page.Versions ?? []).map((version) => listed(version, false)),
      ...(page.DeleteMarkers ?? []).map((version) => listed(version, true)),
    ]);
    if (page.IsTruncated !== true) return;
    const next = {
      ...(page.NextKeyMarker !== undefined && { KeyMarker: page.NextKeyMarker }),
      ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
    };
    if (next.KeyMarker === undefined || JSON.stringify(next) === JSON.stringify(marker)) {
      throw new Failure(
        'repository-read',
        `The listing of ${urlOf(location)} does not go on after a full page`,
      );
    }
    marker = next;
  }
}

/** The SDK gives versions and delete markers apart; a key's latest comes first, then by age. */
function inOrder(page: readonly ListedVersion[]): readonly ListedVersion[] {
  return page.toSorted(
    (left, right) =>
      compareKeys(left.key, right.key) ||
      Number(right.isLatest) - Number(left.isLatest) ||
      right.modifiedAtMs - left.modifiedAtMs,
  );
}

/** By bytes of UTF-8, as a store lists them. */
function compareKeys(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function listed(
  version: {
    readonly Key?: string | undefined;
    readonly IsLatest?: boolean | undefined;
    readonly LastModified?: Date | undefined;
    readonly Size?: number | undefined;
    readonly StorageClass?: string | undefined;
  },
  isDeleteMarker: boolean,
): ListedVersion {
  return {
    key: version.Key ?? '',
    isLatest: version.IsLatest === true,
    isDeleteMarker,
    modifiedAtMs: version.LastModified?.getTime() ?? 0,
    bytes: version.Size ?? 0,
    storageClass: version.StorageClass ?? 'STANDARD',
  };
}

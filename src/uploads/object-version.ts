/** One entry of a bucket's history: an object as it was put, or the mark that it was deleted. */
export interface ObjectVersion {
  /** Relative to the uploads' prefix. */
  readonly key: string;
  /** `null` for what was written while the bucket kept no versions. */
  readonly versionId: string;
  readonly kind: 'object' | 'marker';
  /**
   * When it became the current one, by the store's clock, milliseconds since 1970. AWS tells whole seconds, and for a
   * multipart upload the second in which that began.
   */
  readonly at: number;
  /** Whether the store calls it the current one. */
  readonly latest: boolean;
  /** Of a marker 0. */
  readonly bytes: number;
  /** Without quotes; empty for a marker. */
  readonly etag: string;
  readonly storageClass: string;
}

/** What a listing knows of equal contents: the same size and ETag. Says nothing of metadata. */
export function looksEqual(
  one: Pick<ObjectVersion, 'bytes' | 'etag'>,
  other: Pick<ObjectVersion, 'bytes' | 'etag'>,
): boolean {
  return one.etag !== '' && one.etag === other.etag && one.bytes === other.bytes;
}

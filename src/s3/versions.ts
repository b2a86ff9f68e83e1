import type * as Sdk from '@aws-sdk/client-s3';
import { Failure } from '../base/failure.ts';
import { ask } from './ask.ts';
import { keyOf, objectName, urlOf, type S3 } from './client.ts';
import { compareKeys } from './key-order.ts';
import { decodeName, plainEtag } from './listing.ts';

/** One entry of a bucket's history: an object as it was put, or the mark that it was deleted. */
export interface ObjectVersion {
  /** Relative to the location's prefix. */
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

/** Where the next page begins: behind this entry. */
export interface PageEnd {
  /** The object's name in the bucket. */
  readonly name: string;
  readonly versionId: string;
}

export interface VersionPage {
  /** In the store's order. */
  readonly versions: readonly ObjectVersion[];
  /** The page's last entry when there are more; undefined after the last page. */
  readonly next: PageEnd | undefined;
}

export type FetchPage = (after: PageEnd | undefined) => Promise<VersionPage>;

/**
 * Every version of every key, keys in the order of their bytes and each key's newest first, a page in memory at a time.
 * The order of the keys is what everything else rests on, so it is looked at and not believed.
 * @throws Failure `repository-read` for keys out of order or a listing that does not go on
 */
export async function* listVersions(fetchPage: FetchPage): AsyncGenerator<ObjectVersion> {
  let last: string | undefined;
  for (let after: PageEnd | undefined; ;) {
    const { versions, next } = await fetchPage(after);
    for (const version of versions) {
      if (last !== undefined && compareKeys(last, version.key) > 0) throw outOfOrder(last, version.key);
      last = version.key;
      yield version;
    }
    if (next === undefined) return;
    if (next.name === after?.name && next.versionId === after.versionId) throw stuck(next);
    after = next;
  }
}

function outOfOrder(before: string, key: string): Failure {
  return new Failure(
    'repository-read',
    `the store lists ${JSON.stringify(key)} after ${JSON.stringify(before)}: its keys are not in order`,
    { hint: 'What was current at a time cannot be told from such a listing; directory buckets list so.' },
  );
}

function stuck({ name }: PageEnd): Failure {
  return new Failure(
    'repository-read',
    `the listing of versions does not go on after ${JSON.stringify(name)}`,
    { hint: 'The store says that there is more and gives the same page again.' },
  );
}

/** Asks a bucket for pages of versions below a key prefix. @throws Failure `repository-*` */
export function versionPages(
  s3: S3,
  prefix: string,
  signal: AbortSignal | undefined,
  pageSize = 1000,
): FetchPage {
  const name = objectName(s3.location, prefix);
  return async (after) => {
    const { versions, next } = await requestPage(s3, name, after, pageSize, signal);
    // An object of the prefix's own name, as consoles draw folders, is not below it.
    return { next, versions: versions.filter(({ key }) => key !== '') };
  };
}

/** The newest version of one key, object or marker; undefined when it has none. @throws Failure `repository-*` */
export async function latestOf(s3: S3, key: string, signal: AbortSignal): Promise<ObjectVersion | undefined> {
  // Of all names that begin with the key, its own comes first.
  const { versions } = await requestPage(s3, objectName(s3.location, key), undefined, 1, signal);
  const [first] = versions;
  return first?.key === key ? first : undefined;
}

async function requestPage(
  s3: S3,
  namePrefix: string,
  after: PageEnd | undefined,
  pageSize: number,
  signal: AbortSignal | undefined,
): Promise<VersionPage> {
  let kinds: readonly Kind[] = [];
  const onAnswer = ({ text }: { readonly text: string }): void => {
    kinds = kindsIn(text);
  };
  const page = await ask(
    s3,
    { action: 'list', permission: 's3:ListBucketVersions', signal, onAnswer },
    (sdk) =>
      new sdk.ListObjectVersionsCommand({
        Bucket: s3.location.bucket,
        Prefix: namePrefix,
        MaxKeys: pageSize,
        // XML cannot hold every character that a key can.
        EncodingType: 'url',
        ...(after !== undefined && { KeyMarker: after.name, VersionIdMarker: after.versionId }),
      }),
  );
  const entries = weave(kinds, page.Versions ?? [], page.DeleteMarkers ?? [], s3);
  const decode = page.EncodingType === 'url' ? utf8Of : String;
  const named = entries.map((entry) => ({ entry, name: decode(entry.Key ?? '') }));
  const last = named.at(-1);
  if (page.IsTruncated === true && last === undefined)
    throw unreadable(s3, 'a page that is not the last is empty');
  return {
    versions: named.flatMap(({ name, entry }) => versionOf(s3, name, entry)),
    // Not the store's own NextKeyMarker: some encode it like the keys and some do not.
    next:
      page.IsTruncated === true && last !== undefined
        ? { name: last.name, versionId: last.entry.VersionId ?? 'null' }
        : undefined,
  };
}

type Kind = 'object' | 'marker';
type Entry =
  (Sdk.ObjectVersion & { readonly kind: 'object' }) | (Sdk.DeleteMarkerEntry & { readonly kind: 'marker' });

/**
 * The SDK gives versions and markers as two lists, and of two entries of one second nobody knows which came later. The
 * answer has them in their order: their elements' names are read before it is parsed.
 */
function kindsIn(text: string): readonly Kind[] {
  return [...text.matchAll(/<(Version|DeleteMarker)>/g)].map(([, name]) =>
    name === 'Version' ? 'object' : 'marker',
  );
}

function weave(
  kinds: readonly Kind[],
  objects: readonly Sdk.ObjectVersion[],
  markers: readonly Sdk.DeleteMarkerEntry[],
  s3: S3,
): readonly Entry[] {
  if (kinds.length !== objects.length + markers.length) throw disordered(s3);
  const nextObject = objects.values();
  const nextMarker = markers.values();
  return kinds.map((kind): Entry => {
    const entry = kind === 'object' ? nextObject.next() : nextMarker.next();
    if (entry.done === true) throw disordered(s3);
    return { ...entry.value, kind };
  });
}

function utf8Of(encoded: string): string {
  const name = Buffer.from(decodeName(encoded), 'latin1');
  if (Buffer.from(name.toString()).equals(name)) return name.toString();
  throw new Failure('repository-read', `the name ${encoded} in the bucket is not UTF-8`, {
    hint: 'Such an object cannot be named in a request: copy it by hand to another name.',
  });
}

function versionOf(s3: S3, name: string, entry: Entry): readonly ObjectVersion[] {
  const key = keyOf(s3.location, name);
  if (key === undefined) return [];
  if (entry.LastModified === undefined) throw unreadable(s3, `${JSON.stringify(name)} has no time`);
  const common = {
    key,
    versionId: entry.VersionId ?? 'null',
    at: entry.LastModified.getTime(),
    latest: entry.IsLatest === true,
  };
  if (entry.kind === 'marker')
    return [{ ...common, kind: 'marker', bytes: 0, etag: '', storageClass: 'STANDARD' }];
  const { Size = 0, ETag, StorageClass = 'STANDARD' } = entry;
  return [{ ...common, kind: 'object', bytes: Size, etag: plainEtag(ETag), storageClass: StorageClass }];
}

function disordered(s3: S3): Failure {
  return unreadable(s3, 'the order of versions and delete markers cannot be told');
}

function unreadable({ location }: S3, what: string): Failure {
  return new Failure('repository-read', `The listing of ${urlOf(location)} cannot be used: ${what}`);
}

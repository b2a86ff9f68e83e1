import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  DeleteMarkerEntry,
  ListObjectVersionsCommand,
  ObjectVersion as Listed,
} from '@aws-sdk/client-s3';
import { Failure } from '../base/failure.ts';
import { keyOf, objectName, urlOf, type S3Store } from '../store/s3-client.ts';
import type { FetchPage, PageEnd } from './list-versions.ts';
import type { ObjectVersion } from './object-version.ts';
import { uploadsFailure } from './uploads-store.ts';

/** Asks a bucket for pages of versions below a key prefix. @throws Failure `repository-*` */
export function versionPages(
  store: S3Store,
  prefix: string,
  signal: AbortSignal,
  pageSize = 1000,
): FetchPage {
  return async (after) => {
    const { versions, next } = await requestPage(
      store,
      objectName(store.location, prefix),
      after,
      pageSize,
      signal,
    );
    return {
      next,
      // An object of the prefix's own name, as consoles draw folders, is not below it.
      versions: versions.filter(({ key }) => key !== ''),
    };
  };
}

/** The newest version of one key, object or marker; undefined when it has none. @throws Failure `repository-*` */
export async function latestOf(
  store: S3Store,
  key: string,
  signal: AbortSignal,
): Promise<ObjectVersion | undefined> {
  // Of all names that begin with the key, its own comes first.
  const { versions } = await requestPage(store, objectName(store.location, key), undefined, 1, signal);
  const [first] = versions;
  return first?.key === key ? first : undefined;
}

async function requestPage(
  store: S3Store,
  namePrefix: string,
  after: PageEnd | undefined,
  pageSize: number,
  signal: AbortSignal,
): Promise<{ readonly versions: readonly ObjectVersion[]; readonly next: PageEnd | undefined }> {
  const { sdk, client, location } = store;
  const command = new sdk.ListObjectVersionsCommand({
    Bucket: location.bucket,
    Prefix: namePrefix,
    MaxKeys: pageSize,
    // XML cannot hold every character that a key can.
    EncodingType: 'url',
    ...(after !== undefined && { KeyMarker: after.name, VersionIdMarker: after.versionId }),
  });
  const kinds = listenForKinds(command);
  signal.throwIfAborted();
  try {
    const page = await client.send(command, { abortSignal: signal });
    const entries = weave(kinds(), page.Versions ?? [], page.DeleteMarkers ?? [], store);
    const decode = page.EncodingType === 'url' ? decodeName : String;
    const named = entries.map((entry) => ({ entry, name: decode(entry.Key ?? '') }));
    const last = named.at(-1);
    if (page.IsTruncated === true && last === undefined)
      throw unreadable(store, 'a page that is not the last is empty');
    return {
      versions: named.flatMap(({ name, entry }) => versionOf(store, name, entry)),
      // Not the store's own NextKeyMarker: some encode it like the keys and some do not.
      next:
        page.IsTruncated === true && last !== undefined
          ? { name: last.name, versionId: last.entry.VersionId ?? 'null' }
          : undefined,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw uploadsFailure(error, 'list', location);
  }
}

type Entry = (Listed & { readonly kind: 'object' }) | (DeleteMarkerEntry & { readonly kind: 'marker' });

/**
 * The SDK gives versions and markers as two lists, and of two entries of one second nobody knows which came later. The
 * answer has them in their order: their elements' names are read before it is parsed.
 */
function listenForKinds(command: ListObjectVersionsCommand): () => readonly ('object' | 'marker')[] {
  let text = '';
  command.middlewareStack.add(
    (next) => async (handlerArguments) => {
      const result = await next(handlerArguments);
      const response = result.response as { body?: Readable };
      if (response.body !== undefined) {
        const body = await buffer(response.body);
        text = body.toString('latin1');
        response.body = Readable.from([body]);
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'readOrder' },
  );
  return () =>
    [...text.matchAll(/<(Version|DeleteMarker)>/g)].map(([, name]) =>
      name === 'Version' ? 'object' : 'marker',
    );
}

function weave(
  kinds: readonly ('object' | 'marker')[],
  objects: readonly Listed[],
  markers: readonly DeleteMarkerEntry[],
  store: S3Store,
): readonly Entry[] {
  if (kinds.length !== objects.length + markers.length)
    throw unreadable(store, 'the order of versions and delete markers cannot be told');
  const nextObject = objects.values();
  const nextMarker = markers.values();
  return kinds.map((kind): Entry => {
    const entry = kind === 'object' ? nextObject.next() : nextMarker.next();
    if (entry.done === true)
      throw unreadable(store, 'the order of versions and delete markers cannot be told');
    return { ...entry.value, kind };
  });
}

/** Amazon writes a space as +, and a + as %2B; others write %20. */
function decodeName(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw new Failure('repository-read', `the name ${encoded} in the bucket is not UTF-8`, {
      hint: 'Such an object cannot be named in a request: copy it by hand to another name.',
    });
  }
}

function versionOf(store: S3Store, name: string, entry: Entry): readonly ObjectVersion[] {
  const key = keyOf(store.location, name);
  if (key === undefined) return [];
  if (entry.LastModified === undefined) throw unreadable(store, `${JSON.stringify(name)} has no time`);
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

/** Some answers quote it and some do not. */
export function plainEtag(etag: string | undefined): string {
  return etag?.replaceAll('"', '') ?? '';
}

function unreadable({ location }: S3Store, what: string): Failure {
  return new Failure('repository-read', `The listing of ${urlOf(location)} cannot be used: ${what}`);
}

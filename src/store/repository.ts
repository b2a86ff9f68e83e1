import type { Readable } from 'node:stream';

/** What a repository knows of a stored object. `key` is relative to the repository, with `/` between parts. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Which version of the key it is, where the store has versions; told by `head` only. */
  readonly versionId?: string;
}

export interface PutOptions {
  /** Best guess of the size in bytes, for sizing multipart uploads; the true size may differ. */
  readonly expectedBytes?: number;
  /** Object tags (S3); a folder ignores them. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Called with the total of bytes accepted so far. */
  readonly onProgress?: (bytes: number) => void;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** A small object, a document: a store that drips it is given up in time. Others may take as long as bytes come. */
  readonly small?: true;
  /** Byte range, both ends inclusive. */
  readonly range?: { readonly first: number; readonly last: number };
}

/** An upload that nobody finished: debris once no run owns it. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly startedAt: Date;
  abort(): Promise<void>;
}

/**
 * Where artifacts are kept: an S3 bucket and prefix, or a folder. The one interface between the domain and a store.
 * Every method throws only `Failure` (`repository-*`, `key-exists`) for what a store can be expected to do wrong.
 */
export interface Repository {
  /** For people: `s3://bucket/prefix` or the folder's path. */
  readonly location: string;
  /** For machines of this plan's kind: two settings with the same identity are the same store. */
  readonly identity: string;
  /**
   * Stores a stream under a key that does not exist yet; all or nothing: on any error, also of `body`, nothing is
   * left under the key. Resolves when the store has confirmed it durable, with the size the store itself reports.
   */
  put(key: string, body: Readable | Uint8Array | string, options?: PutOptions): Promise<StoredObject>;
  /** @throws Failure `repository-missing` when there is no such key. */
  get(key: string, options?: ReadOptions): Promise<Readable>;
  head(key: string, signal?: AbortSignal): Promise<StoredObject | undefined>;
  /** Every object below a key prefix (plain string prefix), in no promised order; paged, so memory stays bounded. */
  list(prefix: string, signal?: AbortSignal): AsyncIterable<StoredObject>;
  /** Removes keys; missing ones are not an error. Refused removals (object lock) throw `repository-denied` naming the key. */
  remove(keys: readonly string[], signal?: AbortSignal): Promise<void>;
  /** Unfinished multipart uploads and temporary files, in the whole repository. */
  unfinished(signal?: AbortSignal): AsyncIterable<UnfinishedUpload>;
  /** The store's own clock (HTTP Date, or this host's for a folder). */
  clock(signal?: AbortSignal): Promise<Date>;
  /** Free bytes where the store can say, otherwise undefined. */
  freeBytes(): Promise<number | undefined>;
  close(): Promise<void>;
}

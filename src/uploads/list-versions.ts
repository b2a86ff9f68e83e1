import { Failure } from '../base/failure.ts';
import { compareKeys } from './key-order.ts';
import type { ObjectVersion } from './object-version.ts';

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
 * Every version of every key, keys in the order of their bytes, a page in memory at a time. The order of the keys is
 * what everything else rests on, so it is looked at and not believed.
 * @throws Failure `repository-read` for keys out of order or a listing that does not go on
 */
export async function* listVersions(fetchPage: FetchPage): AsyncGenerator<ObjectVersion> {
  let last: string | undefined;
  for (let after: PageEnd | undefined; ;) {
    const { versions, next } = await fetchPage(after);
    for (const version of versions) {
      if (last !== undefined && compareKeys(last, version.key) > 0) throw disordered(last, version.key);
      last = version.key;
      yield version;
    }
    if (next === undefined) return;
    if (next.name === after?.name && next.versionId === after.versionId) throw stuck(next);
    after = next;
  }
}

function disordered(before: string, key: string): Failure {
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

/** What is to be invalidated: exact paths and prefixes of paths, both from the root and encoded; or everything. */
export interface Scope {
  readonly everything: boolean;
  readonly paths: readonly string[];
  /** Beginnings of paths, most with a slash at their end. */
  readonly prefixes: readonly string[];
  /** Why it is more than was asked for, in words. */
  readonly widened?: string;
}

export interface ScopeLimits {
  /** More paths than these become prefixes. */
  readonly atMostPaths: number;
  /** More prefixes than these become everything; 0 where a provider has none. */
  readonly mostPrefixes: number;
}

export interface ScopeBuilder {
  add(path: string): void;
  /** A beginning that was asked for as such. */
  addPrefix(prefix: string): void;
  scope(): Scope;
}

/** Folder depths that prefixes are looked for at, below the base path. */
const deepest = 6;

/**
 * Collects paths and widens the scope when they are too many: to the folders that hold them, as deep as their number
 * allows, and at last to everything. Memory is bounded by the limits, whatever the number of paths. `basePath` is what
 * all of them begin with, without a slash at its end.
 */
export function createScopeBuilder(
  { atMostPaths, mostPrefixes }: ScopeLimits,
  basePath: string,
): ScopeBuilder {
  const paths = new Set<string>();
  const asked = new Set<string>();
  let isTooMany = false;
  const folders: (Set<string> | undefined)[] = Array.from({ length: deepest + 1 }, () => new Set());
  return {
    add: (path) => {
      if (!isTooMany) paths.add(path);
      isTooMany ||= paths.size > atMostPaths;
      if (isTooMany) paths.clear();
      for (const [depth, found] of folders.entries()) {
        found?.add(folderAt(path, basePath, depth));
        // One more than fits is enough to know.
        if (found !== undefined && found.size > mostPrefixes) folders[depth] = undefined;
      }
    },
    addPrefix: (prefix) => asked.add(prefix),
    scope: () => {
      if (asked.has('/')) return { everything: true, paths: [], prefixes: [] };
      const tooMany = `more than ${String(atMostPaths)} paths`;
      if (!isTooMany && asked.size <= mostPrefixes)
        return { everything: false, paths: [...paths], prefixes: [...asked] };
      const fitting = folders.findLast(
        (found) =>
          found !== undefined && !found.has('/') && new Set([...found, ...asked]).size <= mostPrefixes,
      );
      if (!isTooMany || fitting === undefined) {
        const tooWide =
          mostPrefixes === 0 ? 'there are no prefixes here' : `more than ${String(mostPrefixes)} prefixes`;
        const widened = isTooMany ? tooMany : tooWide;
        return { everything: true, paths: [], prefixes: [], widened };
      }
      return {
        everything: false,
        paths: [],
        prefixes: [...new Set([...fitting, ...asked])],
        widened: tooMany,
      };
    },
  };
}

/** The folder of a path, at most so deep below the base, with a slash at its end. */
function folderAt(path: string, basePath: string, depth: number): string {
  const below = path.startsWith(`${basePath}/`) ? basePath : '';
  const parts = path
    .slice(below.length + 1)
    .split('/')
    .slice(0, -1);
  return [below, ...parts.slice(0, depth), ''].join('/');
}

/** Cuts a list into pieces of at most `size`. */
export function batchesOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

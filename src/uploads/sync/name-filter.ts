import type picomatch from 'picomatch';

export interface NameGlobs {
  /** Empty: everything. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface NameFilter {
  /** Whether a file or object of this key takes part. */
  takes(key: string): boolean;
  /** Whether nothing below this folder takes part, so that it need not be read. */
  excludesFolder(key: string): boolean;
}

/**
 * Globs as operators know them from rsync and .gitignore: a glob without a slash is held against names in any folder,
 * names that begin with a dot are names like others, and what excludes a folder excludes everything below it.
 */
export async function createNameFilter({ include, exclude }: NameGlobs): Promise<NameFilter> {
  if (include.length === 0 && exclude.length === 0) return { takes: () => true, excludesFolder: () => false };
  const { default: picomatch } = await import('picomatch');
  const isIncluded = matcherOf(picomatch, include.length === 0 ? ['**'] : include);
  const isExcluded = matcherOf(picomatch, exclude);
  const excludesFolder = (key: string): boolean =>
    isExcluded(key) || foldersAbove(key).some((folder) => isExcluded(folder));
  return { takes: (key) => !excludesFolder(key) && isIncluded(key), excludesFolder };
}

function matcherOf(compile: typeof picomatch, globs: readonly string[]): (key: string) => boolean {
  const matchers = globs.map((glob) => {
    const matches = compile(glob.replaceAll(/^\/|\/$/g, ''), { dot: true, nonegate: true, windows: false });
    // A slash before its end, also at its beginning, ties a glob to the folder that is synced.
    if (glob.replace(/\/$/, '').includes('/')) return matches;
    return (key: string): boolean => matches(key.slice(key.lastIndexOf('/') + 1));
  });
  return (key) => matchers.some((matches) => matches(key));
}

function foldersAbove(key: string): readonly string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

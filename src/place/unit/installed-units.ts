import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { unitFolderFailure } from './unit-folder-failure.ts';

/** What lies at one of our paths now. */
export type InstalledUnit =
  | { readonly path: string; readonly kind: 'text'; readonly text: string }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

/** Names in the folder of units that can be ours, and folders that can hold such. */
const ours = /^run-plan(-alert)?@[^/]*\.(service|timer)$/;
const folders = /^(run-plan(-alert)?@[^/]*\.(service|timer)\.d|timers\.target\.wants)$/;

/**
 * Reads every file that bears one of our names, ours or not, by its path. A folder that does not exist holds nothing.
 * @throws Failure `unit-folder`
 */
export async function installedUnits(folder: string): Promise<ReadonlyMap<string, InstalledUnit>> {
  const found = new Map<string, InstalledUnit>();
  for (const name of await namesIn(folder)) {
    const inner = folders.test(name)
      ? (await namesIn(join(folder, name))).map((each) => join(name, each))
      : [];
    const paths = [...(ours.test(name) ? [name] : []), ...inner.filter(isOurs)];
    for (const path of paths) {
      const unit = await readUnit(folder, path);
      if (unit !== undefined) found.set(path, unit);
    }
  }
  return found;
}

/** Operators' own drop-ins beside ours are theirs. */
function isOurs(path: string): boolean {
  const [folder = '', name = ''] = path.split('/');
  return folder === 'timers.target.wants' ? ours.test(name) : /^50-(plan|host)\.conf$/.test(name);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw unitFolderFailure(folder, error);
  }
}

async function readUnit(folder: string, path: string): Promise<InstalledUnit | undefined> {
  const full = join(folder, path);
  try {
    if ((await lstat(full)).isSymbolicLink()) return { path, kind: 'link', target: await readlink(full) };
    return { path, kind: 'text', text: await readFile(full, 'utf8') };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unitFolderFailure(full, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

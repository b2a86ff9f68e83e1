import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Hand-written TypeScript below folders of the repository, by path relative to it. */
export async function sourceFiles(...folders: readonly string[]): Promise<Map<string, string>> {
  const paths: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(join(root, folder), { recursive: true });
    paths.push(...entries.map((entry) => `${folder}/${entry}`));
  }
  const written = paths.filter((path) => path.endsWith('.ts') && !path.includes('/generated/')).sort();
  return new Map(
    await Promise.all(written.map(async (path) => [path, await readFile(join(root, path), 'utf8')] as const)),
  );
}

import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { umaskDecides, writeWhole } from '../../base/files.ts';
import { generatedMark, type ExportFile } from './exported-plan.ts';
import { Failure } from '../../base/failure.ts';

/**
 * Writes an export's files, each whole or not at all. Only what an export has written before is replaced.
 * @throws Failure `usage` for a file that somebody else wrote, or a folder that cannot be written
 */
export async function writeFiles(folder: string, files: readonly ExportFile[]): Promise<readonly string[]> {
  const paths = files.map(({ path }) => join(folder, path));
  for (const path of paths) await requireOurs(path);
  try {
    await mkdir(folder, { recursive: true });
    for (const [index, { text }] of files.entries()) await writeWhole(paths[index] ?? '', text, umaskDecides);
  } catch (error) {
    throw new Failure('usage', `${folder} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
  return paths;
}

async function requireOurs(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Failure('usage', `${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  });
  if (text === undefined || text.startsWith(generatedMark)) return;
  throw new Failure('usage', `${path} was not written by run-plan export, and is left as it is`, {
    hint: 'move it away, or give another folder: --output FOLDER',
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

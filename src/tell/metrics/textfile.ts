import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../base/failure.ts';

/**
 * The file of a plan in the folder that node_exporter's textfile collector reads. One a plan: two plans that end together
 * write two files, and none has to read what the other wrote.
 */
export function metricsFile(folder: string, plan: string): string {
  return join(folder, `run-plan-${plan}.prom`);
}

/**
 * Writes a whole file in the place of an older one: whoever reads it sees one or the other. Everybody may read it, whatever
 * umask the unit has; the collector is another account.
 * @throws Failure `metrics-write`
 */
export async function writeTextfile(path: string, text: string): Promise<void> {
  // The collector reads names that end in .prom.
  const temporary = join(dirname(path), `.${basename(path)}-${randomBytes(4).toString('hex')}`);
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(text);
      await file.chmod(0o644);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure('metrics-write', `the metrics cannot be written to ${path}: ${reason}`, {
      hint: 'the folder must exist and be writable for this user',
      cause: error,
    });
  }
}

import { join } from 'node:path';
import { writeWhole } from '../../base/files.ts';
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
  try {
    await writeWhole(path, text, 0o644);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Failure('metrics-write', `the metrics cannot be written to ${path}: ${reason}`, {
      hint: 'the folder must exist and be writable for this user',
      cause: error,
    });
  }
}

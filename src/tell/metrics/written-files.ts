import { open, readdir, rm } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import { metricsFile } from './textfile.ts';

/** A file that a run has left, and whose run. */
export interface WrittenFile {
  readonly path: string;
  readonly plan: string;
}

/** Enough for the first family: its help, its type, its sample. */
const headBytes = 1024;

/**
 * The files of plans in the folder, by name. One counts when its name is a plan's and its first lines are what a run of
 * that plan writes; what others keep there under such a name is theirs. Without the folder there are none.
 * @throws Failure `metrics-write` for a folder or a file that cannot be read
 */
export async function writtenFiles(folder: string): Promise<readonly WrittenFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw failure(`${folder} cannot be read`, error);
  });
  const found: WrittenFile[] = [];
  for (const { name } of entries.filter((entry) => entry.isFile())) {
    const plan = /^run-plan-(.+)\.prom$/.exec(name)?.[1];
    if (plan === undefined) continue;
    const path = metricsFile(folder, plan);
    if (isOf(plan, await headOf(path))) found.push({ path, plan });
  }
  return found.sort((left, right) => left.plan.localeCompare(right.plan));
}

/** @throws Failure `metrics-write`; a file that is gone already is none */
export async function removeWrittenFile({ path }: WrittenFile): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw failure(`${path} cannot be removed`, error);
  });
}

function isOf(plan: string, head: string): boolean {
  return head.startsWith('# HELP run_plan_info ') && head.includes(`\nrun_plan_info{plan="${plan}",`);
}

async function headOf(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw failure(`${path} cannot be read`, error);
  }
}

function failure(what: string, cause: unknown): Failure {
  return new Failure('metrics-write', `${what}: ${codeOf(cause)}`, {
    hint: 'files of plans that are gone are looked for in the folder of metrics; it must be readable and writable for this user',
    cause,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.ts';

/** Where the state folder keeps what: one place, because the guard, the journal and the listings all look there. */

export function journalFolder(stateFolder: string, plan: string): string {
  return join(stateFolder, 'runs', plan);
}

export function journalFile(stateFolder: string, plan: string, runId: string): string {
  return join(journalFolder(stateFolder, plan), `${runId}.jsonl`);
}

export function lockFile(stateFolder: string, plan: string): string {
  return join(stateFolder, 'locks', `${plan}.lock`);
}

export function temporaryFolder(stateFolder: string, runId: string): string {
  return join(stateFolder, 'tmp', runId);
}

/** What the steps of a run keep beside its record: a folder a step. */
export function keptFolder(stateFolder: string, runId: string): string {
  return join(stateFolder, 'kept', runId);
}

/** A file of this name in a step's kept folder says that a later run will go on from what is there. */
export const unfinishedMark = 'unfinished';

/** Makes a folder of the state folder (0700) and what is above it. @throws Failure `state-folder` */
export function makeStateFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    throw stateFolderFailure(folder, error);
  }
}

/** Not mkdir's own `recursive`: Node tries for ever where a folder exists and takes no entries, as /proc does. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another run may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

export function stateFolderFailure(path: string, cause: unknown): Failure {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new Failure('state-folder', `${path} in the state folder cannot be used: ${code ?? message}`, {
    hint: 'the state folder must be writable for this user; the settings or STATE_DIRECTORY say where it is',
    cause,
  });
}

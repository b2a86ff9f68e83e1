import { join } from 'node:path';

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

import { transactionStage } from '../postgres/restore-command.ts';
import type { RestoreProgress } from '../postgres/restore-progress.ts';
import { loadText } from './load-text.ts';
import type { Load } from './load.ts';

/**
 * Two dumps, one after the other, in one transaction. No pg_restore can join another one's, so each writes what it
 * would do as SQL text, and one psql does it.
 * @throws Failure of the restore; the signal's reason
 */
export async function loadInOneTransaction(
  load: Load,
  paths: readonly [string, string],
  { progress, signal }: { readonly progress: RestoreProgress; readonly signal: AbortSignal },
): Promise<void> {
  const stages = [transactionStage(load.command, paths, progress.add)];
  await loadText(load, { stages, hasTransaction: true }, signal);
  progress.end();
}

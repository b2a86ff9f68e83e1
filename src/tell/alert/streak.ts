import { defined } from '../../base/defined.ts';
import type { AlertState, FailureStreak } from '../../language/generated/alert-state.types.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import { listRecords } from '../../run/record/store.ts';
import type { Noted } from './state.ts';

/** Journals that are looked at: a streak that began before them is told since the oldest. */
const mostLooked = 50;

/** A run that found its plan locked has nothing to tell: the run that holds the lock does. */
export function hasBegun({ error, steps }: RunRecord): boolean {
  return error?.code !== 'locked' || steps.some(({ attempts }) => attempts > 0);
}

/** What was told of a plan; where its note is damaged, with the failures before a run that this host's journals know. */
export async function withStreak(
  { note, damage }: Noted<AlertState>,
  stateFolder: string,
  run: { readonly plan: string; readonly runId?: string | undefined },
): Promise<AlertState> {
  if (damage === undefined) return note;
  const { records } = await listRecords({ stateFolder }, { plan: run.plan, limit: mostLooked });
  return { ...note, ...defined({ streak: streakOf(records.filter(({ runId }) => runId !== run.runId)) }) };
}

/** Failures since the last success, of records from the newest on. Pure. */
function streakOf(records: readonly RunRecord[]): FailureStreak | undefined {
  const begun = records.filter(hasBegun);
  const good = begun.findIndex(({ outcome }) => outcome === 'succeeded');
  const failures = good === -1 ? begun : begun.slice(0, good);
  const first = failures.at(-1);
  return first && { since: first.startedAt, run: first.runId, count: failures.length };
}

import { judgeFreshness } from '../../artifact/freshness.ts';
import { listArtifacts } from '../../artifact/store.ts';
import type { FinishedRun } from '../../run/run-host.ts';
import type { AlertState } from '../../language/generated/alert-state.types.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import type { Clock } from '../../base/clock.ts';
import { withLimit } from '../../base/waiting.ts';
import { ageWords } from './message.ts';

/** What looking into the repository may take, milliseconds; a repository that is down is often why there is an alert. */
const lookMs = 5000;
const lookWhenCancelledMs = 1000;
/** Databases that one line can name. */
const mostDatabases = 3;

/**
 * The newest verified artifact of each database, as the repository has it, in words; where it does not answer in time
 * what this host remembers. Undefined for a run without a repository.
 */
export async function lastGoodArtifact(
  { repository, openRepository, record, signal }: FinishedRun,
  known: AlertState['lastGood'],
  clock: Clock,
): Promise<string | undefined> {
  if (repository === undefined) return undefined;
  const now = clock.now();
  const limitMs = record.outcome === 'cancelled' ? lookWhenCancelledMs : lookMs;
  const over = (): Error => new Error('the repository did not answer in time');
  try {
    const artifacts = await withLimit({ clock, limitMs, over, signal }, async (soon) =>
      listArtifacts(await openRepository(repository), { signal: soon }),
    );
    const found = judgeFreshness(artifacts, { now })
      .filter(({ environment }) => environment === repository.name)
      .map(({ database, newest }) =>
        newest === undefined ? `none of ${database}` : `${newest.name}, ${ageWords(newest.createdAt, now)}`,
      );
    if (found.length === 0) return 'none: the repository holds no artifact';
    const more = found.length - mostDatabases;
    return [...found.slice(0, mostDatabases), ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
  } catch {
    return known === undefined
      ? 'unknown: the repository did not answer'
      : `${known.artifact}, ${ageWords(new Date(known.at), now)} (as this host knows; the repository did not answer)`;
  }
}

/** The artifact that a run has made and verified. */
export function artifactOf({ outcome, startedAt, steps }: RunRecord): AlertState['lastGood'] {
  if (outcome !== 'succeeded') return undefined;
  const dumped = steps.find(({ outputs }) => outputs?.['artifact'] !== undefined);
  const isVerified = steps.some(
    ({ action, outcome: end }) => action === 'artifact-verify' && end === 'succeeded',
  );
  // One of a part of the database is nobody's last good backup.
  const isWhole = dumped?.facts?.['partial'] === undefined;
  const artifact = isWhole ? dumped?.outputs?.['artifact'] : undefined;
  return artifact === undefined || !isVerified ? undefined : { artifact, at: dumped?.startedAt ?? startedAt };
}

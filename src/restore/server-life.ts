import type { Clock } from '../base/clock.ts';
import type { Session } from '../postgres/connect.ts';

/** How often the server is asked, milliseconds: far below any stall timeout. */
const everyMs = 15_000;

export interface ServerLifeOptions {
  readonly clock: Pick<Clock, 'sleep'>;
  /** The application_name of the restore's sessions. */
  readonly applicationName: string;
  /** The server works for us; with the progress of the longest index build where it tells one: `43 %`. */
  readonly onLife: (progress: string | undefined) => void;
}

/**
 * Watches over a restore's sessions: pg_restore says nothing while a large index is built, and the server's work is a
 * sign of life then. A session that waits for a lock or for its client is none. Stops by the returned function.
 */
export function watchServerLife(session: Session, options: ServerLifeOptions): () => void {
  const stopped = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await options.clock.sleep(everyMs, stopped.signal);
      const [work] = await session.query<{ active: boolean; progress: string | null }>(
        question,
        [options.applicationName],
        "looking at the restore's sessions",
      );
      if (work?.active === true && !stopped.signal.aborted) options.onLife(work.progress ?? undefined);
    }
  };
  // A session that is lost tells it by itself, and a stopped watch has nothing to tell.
  watch().catch(() => undefined);
  return () => {
    stopped.abort();
  };
}

/** Index builds tell their blocks while they scan and their tuples while they load what was sorted. */
const question = `
  select exists (select from pg_stat_activity
                  where application_name = $1 and pid <> pg_backend_pid() and state = 'active'
                    and wait_event_type is distinct from 'Lock'
                    and wait_event_type is distinct from 'Client') as active,
         (select max(round(100.0 * case when p.blocks_total > p.blocks_done then p.blocks_done else p.tuples_done end
                           / nullif(case when p.blocks_total > p.blocks_done then p.blocks_total
                                         else p.tuples_total end, 0)))::text || ' %'
            from pg_stat_progress_create_index p
            join pg_stat_activity a on a.pid = p.pid and a.application_name = $1) as progress`;

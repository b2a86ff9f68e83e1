import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';

const enabling: Readonly<Record<string, string>> = { A: 'enable always', R: 'enable replica' };

/**
 * Does something while the event triggers of the session's database rest: they would take what a restore says of owners
 * and privileges for what people say. Only superusers can make them, and turn them.
 * @throws Failure `postgres-*`
 */
export async function withoutEventTriggers<Result>(
  session: Session,
  action: () => Promise<Result>,
): Promise<Result> {
  if (!session.server.superuser) return action();
  const triggers = await session.query<{ name: string; state: string }>(
    `select evtname as name, evtenabled as state from pg_catalog.pg_event_trigger where evtenabled <> 'D' order by 1`,
    [],
    'listing event triggers',
  );
  const turn = async (words: (state: string) => string): Promise<void> => {
    for (const { name, state } of triggers)
      await session.query(`alter event trigger ${quoteIdentifier(name)} ${words(state)}`);
  };
  await turn(() => 'disable');
  try {
    return await action();
  } finally {
    if (!session.lost.aborted) await turn((state) => enabling[state] ?? 'enable');
  }
}

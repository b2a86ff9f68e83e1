import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';

/** Logical replication came with this major. */
export const subscriptionsSinceMajor = 10;

/**
 * Drops the subscriptions of a database, because none that has one can be dropped. Their publishers are not asked: a
 * restored subscription never connected, and a slot of the same name there is that of the original.
 * @param session in any database of the server
 * @throws Failure `postgres-*`
 */
export async function dropSubscriptions(session: Session, database: string): Promise<void> {
  const doing = `dropping the subscriptions of ${database}`;
  const subscriptions = await session.query<{ name: string }>(
    'select subname as name from pg_subscription join pg_database d on d.oid = subdbid where datname = $1',
    [database],
    doing,
  );
  if (subscriptions.length === 0) return;
  await using inside = await session.inDatabase(database);
  for (const name of subscriptions.map((subscription) => quoteIdentifier(subscription.name))) {
    await inside.query(`alter subscription ${name} disable`, [], doing);
    await inside.query(`alter subscription ${name} set (slot_name = none)`, [], doing);
    await inside.query(`drop subscription ${name}`, [], doing);
  }
}

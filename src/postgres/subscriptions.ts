import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';

/** Logical replication came with this major. */
export const subscriptionsSinceMajor = 10;

/**
 * Drops the subscriptions of a database, because none that has one can be dropped. Their publishers are not asked: a
 * restored subscription never connected, and a slot of the same name there is that of the original.
 * @returns their names and slots, as `name (slot)`
 * @param session in any database of the server
 * @throws Failure `postgres-*`
 */
export async function dropSubscriptions(session: Session, database: string): Promise<readonly string[]> {
  const doing = `dropping the subscriptions of ${database}`;
  const subscriptions = await session.query<{ name: string; slot: string | null }>(
    'select subname as name, subslotname as slot from pg_subscription join pg_database d on d.oid = subdbid where datname = $1',
    [database],
    doing,
  );
  if (subscriptions.length === 0) return [];
  await using inside = await session.inDatabase(database);
  for (const name of subscriptions.map((subscription) => quoteIdentifier(subscription.name))) {
    await inside.query(`alter subscription ${name} disable`, [], doing);
    await inside.query(`alter subscription ${name} set (slot_name = none)`, [], doing);
    await inside.query(`drop subscription ${name}`, [], doing);
  }
  return subscriptions.flatMap(({ name, slot }) => (slot === null ? [] : [`${name} (slot ${slot})`]));
}

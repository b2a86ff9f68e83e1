import { Failure } from '../base/failure.ts';
import { describeEndpoint } from './server-error.ts';
import { renderBytes } from '../base/quantity/size.ts';
import type { Session } from './connect.ts';
import type { ServerFacts } from './server-facts.ts';
import { firmOfDamage } from './settings.ts';
import { describeTable, type Table } from './tables.ts';

/**
 * Proves, before the first byte is written, that the session's role can read all that a dump reads: every table and
 * sequence, every row, every large object; or, of a part of it, what that takes: `tables` are those whose rows are read,
 * `part.defined` all that are dumped, which pg_dump locks.
 * @throws Failure `postgres-permission` naming the first that it cannot read.
 */
export async function checkReadable(
  session: Session,
  facts: ServerFacts,
  tables: readonly Table[],
  part: { readonly defined: readonly Table[]; readonly largeObjects: boolean } = {
    defined: tables,
    largeObjects: true,
  },
): Promise<void> {
  const role = session.endpoint.user;
  const unreadable = part.defined.filter((table) => !table.readable && table.kind !== 'materialized-view');
  if (unreadable[0] !== undefined) {
    throw new Failure('postgres-permission', `${role} cannot read ${nameFirst(unreadable)}`, {
      where: describeTable(unreadable[0]),
      hint: `Grant it: grant pg_read_all_data to ${role} (PostgreSQL 14 and later), or select on each and usage on its schema.`,
    });
  }
  const hidden = tables.filter((table) => table.hidesRows);
  if (hidden[0] !== undefined) {
    throw new Failure('postgres-permission', `Row security hides rows from ${role} in ${nameFirst(hidden)}`, {
      where: describeTable(hidden[0]),
      hint: `A dump would miss them. Let the role see every row: alter role ${role} bypassrls.`,
    });
  }
  if (part.largeObjects) await checkLargeObjects(session, facts);
  await checkDamageIsTold(session);
}

/** What a superuser's session lifts, another role's cannot. */
async function checkDamageIsTold(session: Session): Promise<void> {
  const [hiding] = await session.query<{ name: string }>(
    `select name from pg_catalog.pg_settings where name = any ($1) and setting = 'on' order by name limit 1`,
    [Object.keys(firmOfDamage)],
    'asking whether damaged pages are told',
  );
  if (hiding === undefined) return;
  throw new Failure(
    'postgres-permission',
    `${hiding.name} is on for ${session.endpoint.user}: rows of damaged pages would be missing or garbled without a word`,
    { hint: `Take it off the role, the database or the server: alter role … reset ${hiding.name}.` },
  );
}

/**
 * A privilege on large objects cannot be asked for by a function, so it is read from the lists of grants; owners,
 * their members and grants to everybody count.
 */
async function checkLargeObjects(session: Session, facts: ServerFacts): Promise<void> {
  if (facts.superuser || facts.openLargeObjects) return;
  const [first] = await session.query<{ oid: string }>(
    `select o.oid::text as oid
       from pg_largeobject_metadata o
      where not pg_has_role(o.lomowner, 'USAGE')
        and not exists (select from aclexplode(o.lomacl) g
                         where g.privilege_type = 'SELECT'
                           and (g.grantee = 0 or pg_has_role(g.grantee, 'USAGE')))
      order by o.oid limit 1`,
    [],
    'checking large objects',
  );
  if (first === undefined) return;
  throw new Failure('postgres-permission', `${session.endpoint.user} cannot read large object ${first.oid}`, {
    where: `large object ${first.oid}`,
    hint: 'Grant select on it, dump as its owner, or set lo_compat_privileges for the role.',
  });
}

function nameFirst(tables: readonly Table[]): string {
  const first = tables[0];
  if (first === undefined) return '';
  const name = `${first.kind.replace('partitioned', 'partitioned table')} ${describeTable(first)}`;
  return tables.length === 1 ? name : `${name} (and ${tables.length - 1} more)`;
}

/**
 * What a dump of these tables will roughly take before compression, bytes: heap and TOAST as they lie on disk, plus
 * large objects. Indexes are only definitions in a dump.
 */
export function estimateRawBytes(tables: readonly Table[], facts: ServerFacts): number {
  const rows = tables.filter((table) => table.kind === 'table').reduce((sum, table) => sum + table.bytes, 0);
  return rows + facts.largeObjectBytes;
}

/** Share of its size on disk that compressed data is expected to keep; text and numbers mostly need a quarter. */
const compressedShare = 0.5;

/** Share that hardly any data is compressed to. */
const leastShare = 0.02;

export interface SpaceQuestion {
  readonly rawBytes: number;
  readonly compressed: boolean;
  /** Size of the newest stored dump of this database, when there is one: the better guess. */
  readonly previousBytes: number | undefined;
  readonly freeBytes: number | undefined;
  /** For people: the repository or folder that is written to. */
  readonly where: string;
}

/**
 * Expected size of the stored dump, bytes; held against the free space where that is known.
 * @throws Failure `space-missing`
 */
export function checkSpace(question: SpaceQuestion): number {
  const { rawBytes, compressed, previousBytes, freeBytes, where } = question;
  const guess = compressed ? rawBytes * compressedShare : rawBytes;
  // A fifth more than last time covers what a database grows by between two dumps.
  const bySize = previousBytes === undefined ? guess : previousBytes * 1.2;
  // The one before may have been of a part of the database: no dump is as small as this.
  const expected = Math.ceil(Math.max(bySize, rawBytes * leastShare));
  if (freeBytes !== undefined && freeBytes < expected) {
    throw new Failure(
      'space-missing',
      `${where} has ${renderBytes(freeBytes)} free and the dump needs about ${renderBytes(expected)}`,
      { hint: 'Free some space, shorten the retention, or move the repository.' },
    );
  }
  return expected;
}

/** A standby cannot hand out everything; what that means for the dump, as warnings. */
export function describeStandby(
  session: Session,
  facts: ServerFacts,
  tables: readonly Table[],
): readonly string[] {
  if (!facts.standby) return [];
  const unlogged = tables.filter((table) => table.unlogged && table.kind === 'table');
  return [
    `${describeEndpoint(session.endpoint)} is a standby: replay conflicts can end the dump (see max_standby_streaming_delay)`,
    ...(unlogged[0] === undefined
      ? []
      : [`rows of unlogged tables are not on a standby: ${nameFirst(unlogged)}`]),
  ];
}

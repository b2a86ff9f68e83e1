import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';
import {
  keptStatements,
  legible,
  rolesNamed,
  type KeptPrivileges,
  type KeptStatement,
} from './kept-privileges.ts';
import { renderPrivilegeStatement } from './privilege-statement.ts';

/** Roles of the source by those that stand for them on the target. */
export type OwnerMap = ReadonlyMap<string, string>;

/** A statement that the server refused, and why. */
export interface RefusedStatement {
  /** `OWNER TABLE public.orders`. */
  readonly object: string;
  readonly statement: string;
  readonly message: string;
}

/** Roles that the target lacks. */
export interface MissingRoles {
  /** By the names that they have there. */
  readonly missing: readonly string[];
  /** As the map has them. */
  readonly mapped: readonly string[];
}

/** The roles of the kept privileges, held against those of the server. @throws Failure `postgres-*`, `dump-unusable` */
export async function findMissingRoles(
  session: Session,
  privileges: KeptPrivileges,
  ownerMap: OwnerMap,
): Promise<MissingRoles> {
  const named = [...rolesNamed(privileges)];
  const wanted = [...new Set(named.map((name) => ownerMap.get(name) ?? name))];
  const rows = await session.query<{ name: string }>('select rolname as name from pg_catalog.pg_roles');
  const there = new Set(rows.map(({ name }) => name));
  return {
    missing: wanted.filter((name) => !there.has(name)).sort(),
    mapped: named.flatMap((name) => {
      const other = ownerMap.get(name);
      return other === undefined ? [] : [`${name} as ${other}`];
    }),
  };
}

/** Makes roles that may not log in and may do nothing. @returns those that could not be made, with the reason */
export async function makeRoles(
  session: Session,
  names: readonly string[],
): Promise<readonly RefusedStatement[]> {
  const refused: RefusedStatement[] = [];
  for (const name of names) {
    const statement = `create role ${quoteIdentifier(name)} nologin`;
    const message = await whyRefused(session, () => session.query(statement));
    if (message !== undefined) refused.push({ object: `ROLE ${name}`, statement, message: message.text });
  }
  return refused;
}

export interface GivingOptions {
  readonly database: string;
  readonly ownerMap: OwnerMap;
  /** What is not there was not asked for. */
  readonly isPartial: boolean;
  /** Of the objects in the database; of the database itself; or the comment upon it. */
  readonly part: 'objects' | 'database' | 'comment';
  readonly onProgress?: (done: number) => void;
}

/** What came of it. */
export interface GivenPrivileges {
  /** Statements that were run. */
  readonly statements: number;
  readonly refused: readonly RefusedStatement[];
}

/** Between two words of how far it came. */
const told = 1000;

/**
 * Gives a restored database the owners, privileges and settings of the dumped one, statement by statement: what the server
 * refuses is named, and the rest is done. The session is for this alone.
 * @throws Failure when the session is lost; `dump-unusable`
 */
export async function givePrivileges(
  session: Session,
  privileges: KeptPrivileges,
  options: GivingOptions,
): Promise<GivenPrivileges> {
  // Otherwise each statement waits for the disk.
  await session.query(
    `select set_config('search_path', '', false), set_config('synchronous_commit', 'off', false)`,
  );
  const refused: RefusedStatement[] = [];
  let statements = 0;
  for (const statement of keptStatements(privileges)) {
    if (partOf(statement) !== options.part) continue;
    statements += 1;
    if (statements % told === 0) options.onProgress?.(statements);
    const why = await whyRefused(session, () => giveOne(session, statement, options));
    if (why === undefined || (options.isPartial && isAbsent(why.sqlstate))) continue;
    refused.push(refusalOf(statement, why.text));
  }
  await session.query(`select set_config('synchronous_commit', 'on', false)`);
  return { statements, refused };
}

function partOf({ object, tokens }: KeptStatement): GivingOptions['part'] {
  if (object.kind !== 'DATABASE') return 'objects';
  return tokens[0]?.text.toUpperCase() === 'COMMENT' ? 'comment' : 'database';
}

async function giveOne(
  session: Session,
  statement: KeptStatement,
  { database, ownerMap }: GivingOptions,
): Promise<void> {
  const { encoding } = statement;
  const { sql, grantor } = rendered(statement, { database, ownerMap });
  if (grantor === undefined) return runKept(session, sql, encoding);
  await runKept(session, `set session authorization ${quoteIdentifier(grantor)}`, encoding);
  try {
    await runKept(session, sql, encoding);
  } finally {
    await session.query('reset session authorization');
  }
}

/** In bytes as characters. */
function rendered(
  statement: KeptStatement,
  { database, ownerMap }: Pick<GivingOptions, 'database' | 'ownerMap'>,
): { readonly sql: string; readonly grantor: string | undefined } {
  const { encoding, grantor } = statement;
  const role = (name: string): string => mapped(name, encoding, ownerMap);
  const own = Buffer.from(database).toString('latin1');
  return {
    sql: renderPrivilegeStatement(statement, { database: own, role }),
    grantor: grantor === undefined ? undefined : role(grantor),
  };
}

/** What `givePrivileges` would run, for a person, and how many statements of each kind. Pure. */
export function renderPrivileges(
  privileges: KeptPrivileges,
  options: Pick<GivingOptions, 'database' | 'ownerMap'>,
): { readonly sql: string; readonly counts: Readonly<Record<string, number>> } {
  const lines: string[] = ["set search_path to '';"];
  const counts: Record<string, number> = {};
  for (const statement of keptStatements(privileges)) {
    const { sql, grantor } = rendered(statement, options);
    const words = [
      ...(grantor === undefined ? [] : [`set session authorization ${quoteIdentifier(grantor)};`]),
      `${sql};`,
      ...(grantor === undefined ? [] : ['reset session authorization;']),
    ];
    lines.push(...words.map((each) => legible(each, statement.encoding)));
    counts[statement.kind] = (counts[statement.kind] ?? 0) + 1;
  }
  return { sql: `${lines.join('\n')}\n`, counts };
}

/** The bytes of the role that stands for another one. */
function mapped(name: string, encoding: string, ownerMap: OwnerMap): string {
  const other = ownerMap.get(legible(name, encoding));
  return other === undefined ? name : Buffer.from(other).toString('latin1');
}

/**
 * Runs a statement of bytes as characters. What is no UTF-8 goes to the server as bytes that it reads by itself.
 * @throws Failure `postgres-*`
 */
export async function runKept(session: Session, sql: string, encoding: string): Promise<void> {
  if (encoding === 'UTF8' || /^[\0-\x7f]*$/.test(sql)) {
    await session.statement(Buffer.from(sql, 'latin1').toString());
    return;
  }
  const bytes = Buffer.from(sql, 'latin1').toString('hex');
  await session.query(
    `do $$ begin execute pg_catalog.convert_from('\\x${bytes}'::bytea, ${quoteLiteral(encoding)}); end $$`,
  );
}

/** What the server says against it; undefined when it did it. @throws Failure when the session is lost */
export async function whyRefused(
  session: Session,
  work: () => Promise<unknown>,
): Promise<{ readonly text: string; readonly sqlstate: string } | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure) || error.fields.sqlstate === undefined || session.lost.aborted)
      throw error;
    return { text: error.message, sqlstate: error.fields.sqlstate };
  }
}

/** undefined_table, undefined_function, undefined_object, invalid_schema_name, undefined_column. */
const absentStates = ['42P01', '42883', '42704', '3F000', '42703'];

/** Whether a server says by it that what was spoken of is not there. */
export function isAbsent(sqlstate: string): boolean {
  return absentStates.includes(sqlstate);
}

function refusalOf(statement: KeptStatement, message: string): RefusedStatement {
  const { kind, object, encoding } = statement;
  const words = [kind.toUpperCase().replace('-', ' '), object.kind, legible(object.name, encoding)];
  return {
    object: words.filter((word) => word !== '').join(' '),
    statement: legible(statement.text, encoding),
    message,
  };
}

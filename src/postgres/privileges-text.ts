import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { forEachOf } from '../base/waiting.ts';
import type { Commands } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import type { Session } from './connect.ts';
import { likenessStatements, readDatabaseTraits, type DatabaseTraits } from './database-traits.ts';
import { grantsExpression, grantStatements, type Grant } from './grants.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';
import { parsePrivilegeStatement } from './privilege-statement.ts';
import { splitStatements } from './sql-text.ts';

/** What the SQL of owners and privileges begins with: the database's own, and who is named. */
export interface PrivilegesHead {
  readonly database: string;
  readonly serverVersion: string;
  readonly traits: DatabaseTraits;
  /** Of the database itself as a server makes it, before anybody grants or revokes. */
  readonly usualGrants: DatabaseTraits['grants'];
  /** Every role that owns something, may do something, or has a setting there. */
  readonly roles: readonly string[];
  /** Statements for the large objects, of which a dump of definitions says nothing. */
  readonly largeObjects: readonly string[];
}

/** Reads it in the session's transaction. @throws Failure `postgres-*` */
export async function readPrivilegesHead(session: Session, serverVersion: string): Promise<PrivilegesHead> {
  const { database } = session.endpoint;
  const traits = await readDatabaseTraits(session, database);
  if (traits === undefined) throw new Error(`${database} is not among the databases of its own server`);
  const roles = await session.query<{ role: string }>(
    `select distinct pg_get_userbyid(d.refobjid) as role
       from pg_catalog.pg_shdepend d, pg_catalog.pg_database b
      where b.datname = current_database() and d.refclassid = 'pg_catalog.pg_authid'::regclass
        and (d.dbid = b.oid or (d.dbid = 0 and d.classid = 'pg_catalog.pg_database'::regclass and d.objid = b.oid))
      order by 1`,
    [],
    'reading who owns what',
  );
  const [usual] = await session.query<{ grants: DatabaseTraits['grants'] }>(
    `select coalesce(jsonb_agg(jsonb_build_object('grantee', case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end,
              'privilege', g.privilege_type, 'grantable', g.is_grantable)), '[]') as grants
       from pg_catalog.pg_database b, aclexplode(acldefault('d', b.datdba)) g
      where b.datname = current_database()`,
    [],
    'reading what everybody may do with a new database',
  );
  const named = [
    traits.owner,
    ...roles.map(({ role }) => role),
    ...traits.settings.flatMap((each) => each.role ?? []),
  ];
  return {
    database,
    serverVersion,
    traits,
    usualGrants: usual?.grants ?? [],
    roles: [...new Set(named)].sort(),
    largeObjects: await largeObjectStatements(session),
  };
}

/** Large objects asked for at once. */
const pageObjects = 10_000;

/** Owners and grants of every large object, in the order of their oids. */
async function largeObjectStatements(session: Session): Promise<readonly string[]> {
  const statements: string[] = [];
  for (let last = '0'; ;) {
    const page = await session.query<{ oid: string; owner: string; grants: readonly Grant[] | null }>(
      `select m.oid::text as oid, pg_catalog.pg_get_userbyid(m.lomowner) as owner,
              case when m.lomacl is not null then ${grantsExpression('m.lomacl', 'L', 'm.lomowner')} end as grants
         from pg_catalog.pg_largeobject_metadata m where m.oid > $1::oid order by m.oid limit ${String(pageObjects)}`,
      [last],
      'reading who owns large objects',
    );
    for (const { oid, owner, grants } of page) {
      const object = `large object ${oid}`;
      statements.push(`alter ${object} owner to ${quoteIdentifier(owner)}`);
      const usual = ['SELECT', 'UPDATE'].map((privilege) => ({
        grantee: owner,
        privilege,
        grantable: false,
      }));
      if (grants !== null) statements.push(...grantStatements(object, grants, usual));
    }
    const end = page.at(-1)?.oid;
    if (end === undefined || page.length < pageObjects) return statements;
    last = end;
  }
}

/** A text of owners and privileges, in a file. */
export interface PrivilegesText {
  readonly file: string;
  /** Statements that are none of those that we know, and are not in it. */
  readonly leftOut: readonly string[];
}

/**
 * Writes the SQL that gives a restored database the owners, privileges and settings of the dumped one: what pg_restore says
 * with owners and not without, then its entries of privileges, as it says them.
 * @param definitions a dump in the custom format without rows, with owners and privileges
 * @param encoding what that dump is in
 * @returns the file, in `folder`
 * @throws Failure `command-failed`, `dump-unusable`; the system's error
 */
export async function writePrivileges(
  commands: Commands,
  { pgRestore }: Pick<ClientTools, 'pgRestore'>,
  head: PrivilegesHead,
  {
    definitions,
    encoding,
    folder,
  }: { readonly definitions: string; readonly encoding: string; readonly folder: string },
): Promise<PrivilegesText> {
  const place = (name: string): string => join(folder, `privileges.${name}`);
  const restore = (...words: readonly string[]): Promise<unknown> =>
    commands.run(pgRestore, [...words, definitions], { environment: { LC_ALL: 'C' } });
  let grants = 0;
  const restoreGrants = async (): Promise<void> => {
    await restore('--list', `--file=${place('list')}`);
    grants = await writeGrantList(place('list'), place('grants.list'));
    if (grants > 0) await restore(`--use-list=${place('grants.list')}`, `--file=${place('grants')}`);
  };
  const texts = [
    () => restore('--no-privileges', `--file=${place('owned')}`),
    () => restore('--no-privileges', '--no-owner', `--file=${place('plain')}`),
    restoreGrants,
  ];
  await forEachOf(texts, { atOnce: texts.length }, async (write) => {
    await write();
  });
  const leftOut: string[] = [];
  const isOurs = (statement: string): boolean => {
    if (parsePrivilegeStatement(statement) !== undefined) return true;
    leftOut.push(Buffer.from(statement, 'latin1').toString());
    return false;
  };
  const lines = async function* (): AsyncGenerator<string> {
    yield Buffer.from(renderHead(head)).toString('latin1');
    yield `\nset client_encoding to ${quoteLiteral(encoding)};\n\n-- Owners.\n`;
    const owned = insertedStatements(await textOf(place('owned')), await textOf(place('plain')));
    for (const statement of owned) if (isOurs(statement)) yield `${statement};\n`;
    yield '\n-- Privileges, and those that new objects get.\n';
    if (grants === 0) return;
    for (const statement of splitStatements(await textOf(place('grants'))))
      if (!isSetting(statement) && isOurs(statement)) yield `${statement};\n`;
  };
  const file = place('sql');
  await pipeline(
    Readable.from(lines()),
    createWriteStream(file, { mode: 0o600, encoding: 'latin1', flags: 'wx' }),
  );
  return { file, leftOut };
}

/** Bytes as characters: whatever the encoding, they go on as they came. */
function textOf(file: string): Promise<string> {
  return readFile(file, 'latin1');
}

/** Those that every script of pg_restore begins with would undo ours. */
function isSetting(statement: string): boolean {
  return /^(?:SET \w+ = |SELECT pg_catalog\.set_config\('search_path')/.test(statement);
}

/** Entries of privileges, in their order: `3021; 0 0 ACL public TABLE orders owner`. */
async function writeGrantList(list: string, file: string): Promise<number> {
  const entries: string[] = [];
  for (const line of (await textOf(list)).split('\n'))
    if (/^\d+; \d+ \d+ (?:DEFAULT )?ACL /.test(line)) entries.push(`${line}\n`);
  await pipeline(Readable.from(entries), createWriteStream(file, { mode: 0o600, encoding: 'latin1' }));
  return entries.length;
}

/** Statements of a script that another one lacks, which is the same script but for these. */
function* insertedStatements(longer: string, shorter: string): Generator<string> {
  const others = splitStatements(shorter);
  let other = others.next();
  for (const statement of splitStatements(longer)) {
    if (other.done !== true && other.value === statement) other = others.next();
    else yield statement;
  }
}

/** In place of the database's name, which the restored one need not have. */
const placeholder = 'the restored database';

/** What stands before the statements about objects. Pure. */
export function renderHead(head: PrivilegesHead): string {
  const { database, serverVersion, traits, usualGrants, roles, largeObjects } = head;
  const made: DatabaseTraits = {
    ...traits,
    name: placeholder,
    connectionLimit: -1,
    comment: null,
    grants: usualGrants,
    settings: [],
    // Whoever restores: the owner is always said.
    owner: '',
  };
  const statements = [
    ...(traits.comment === null
      ? []
      : [`comment on database ${quoteIdentifier(placeholder)} is ${quoteLiteral(traits.comment)}`]),
    ...likenessStatements(traits, made),
  ];
  const own = statements.map((each) => `${each.replaceAll(quoteIdentifier(placeholder), ':"DBNAME"')};`);
  return `-- Owners, privileges and settings of the database ${visibleLine(quoteIdentifier(database))} (PostgreSQL ${serverVersion}), from the very
-- snapshot of the dump beside this file, without passwords. To give them to a restored database:
--   psql --no-psqlrc --dbname=RESTORED --file=THIS
-- as a superuser, or as a member of the owning roles. A statement that fails is reported, and the others are run.
-- Roles that it names, to be made first where they are missing: ${roles.map((role) => visibleLine(quoteIdentifier(role))).join(', ')}

set client_encoding to 'UTF8';
set search_path to '';

-- The database itself.
${own.join('\n')}
${largeObjects.length === 0 ? '' : `\n-- Large objects.\n${largeObjects.map((each) => `${each};\n`).join('')}`}`;
}

/** A name may hold a line break, which would end a comment. */
function visibleLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}

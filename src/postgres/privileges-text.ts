import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
 * Writes the SQL that gives a restored database the owners, privileges and settings of the dumped one: of what pg_dump
 * says, as it says it, the statements about owners, then those about privileges.
 * @param definitions a dump without rows as SQL text, with owners and privileges
 * @param encoding what that dump is in
 * @returns the file, in `folder`
 * @throws Failure `dump-unusable`; the system's error
 */
export async function writePrivileges(
  head: PrivilegesHead,
  {
    definitions,
    encoding,
    folder,
  }: { readonly definitions: string; readonly encoding: string; readonly folder: string },
): Promise<PrivilegesText> {
  const owners: string[] = [];
  const privileges: string[] = [];
  const leftOut: string[] = [];
  // Bytes as characters: whatever the encoding, they go on as they came.
  for (const statement of splitStatements(await readFile(definitions, 'latin1'))) {
    if (!isAboutWho(statement)) continue;
    const understood = parsePrivilegeStatement(statement);
    if (understood === undefined) leftOut.push(Buffer.from(statement, 'latin1').toString());
    else (understood.kind === 'owner' ? owners : privileges).push(`${statement};\n`);
  }
  const lines = [
    Buffer.from(renderHead(head)).toString('latin1'),
    `\nset client_encoding to ${quoteLiteral(encoding)};\n\n-- Owners.\n`,
    ...owners,
    '\n-- Privileges, and those that new objects get.\n',
    ...privileges,
  ];
  const file = join(folder, 'privileges.sql');
  await pipeline(
    Readable.from(lines),
    createWriteStream(file, { mode: 0o600, encoding: 'latin1', flags: 'wx' }),
  );
  return { file, leftOut };
}

/**
 * Whether a statement of pg_dump's is about owners or privileges: of kinds that are not known here, too, which are told.
 * What objects are made of holds queries at most, and none of these begins so.
 */
export function isAboutWho(statement: string): boolean {
  return (
    /^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES|(?:RE)?SET SESSION AUTHORIZATION)\b/.test(statement) ||
    (statement.startsWith('ALTER ') && / OWNER TO (?:"(?:[^"]|"")+"|[^\s"';]+)$/.test(statement))
  );
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

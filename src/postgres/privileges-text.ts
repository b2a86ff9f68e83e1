import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../base/failure.ts';
import type { Commands } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import type { Session } from './connect.ts';
import { likenessStatements, readDatabaseTraits, type DatabaseTraits } from './database-traits.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';

/** What the SQL of owners and privileges begins with: the database's own, and who is named. */
export interface PrivilegesHead {
  readonly database: string;
  readonly serverVersion: string;
  readonly traits: DatabaseTraits;
  /** Of the database itself as a server makes it, before anybody grants or revokes. */
  readonly usualGrants: DatabaseTraits['grants'];
  /** Every role that owns something, may do something, or has a setting there. */
  readonly roles: readonly string[];
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
  await refuseLineBreaks(session);
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
  };
}

/**
 * The SQL is told apart line by line and run by a superuser one day: a name of several lines could make statements of its
 * own out of it. Every name of the catalogs is looked at, and those of arguments, which stand in signatures.
 * @throws Failure `dump-unusable`
 */
async function refuseLineBreaks(session: Session): Promise<void> {
  const columns = await session.query<{ relation: string; column: string; isArray: boolean }>(
    `select c.relname as relation, a.attname as "column", a.atttypid <> 'name'::regtype as "isArray"
       from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'pg_catalog'::regnamespace and a.attnum > 0 and not a.attisdropped
        and (c.relkind = 'r' and a.atttypid in ('name'::regtype, 'name[]'::regtype)
             or c.relname = 'pg_proc' and a.attname = 'proargnames' or c.relname = 'pg_roles' and a.attname = 'rolname')
        and pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')`,
    [],
    'asking where names are kept',
  );
  const looks = columns.map(({ relation, column, isArray }) => {
    const from = `pg_catalog.${quoteIdentifier(relation)}`;
    const name = quoteIdentifier(column);
    return isArray
      ? `exists (select from ${from}, unnest(${name}) as it where it ~ '[\\n\\r]')`
      : `exists (select from ${from} where ${name}::text ~ '[\\n\\r]')`;
  });
  const [found] = await session.query<{ broken: boolean }>(
    `select ${looks.join('\n or ')} as broken`,
    [],
    'looking for names of several lines',
  );
  if (found?.broken === true)
    throw new Failure(
      'dump-unusable',
      'a name in the database holds a line break, and could be taken for a statement',
    );
}

/**
 * Writes the SQL that gives a restored database the owners, privileges and settings of the dumped one: what pg_restore says
 * with owners and not without, then its entries of privileges, as it says them.
 * @param definitions a dump in the custom format without rows, with owners and privileges
 * @param encoding what that dump is in
 * @returns the file's path, in `folder`
 * @throws Failure `command-failed`; the system's error
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
): Promise<string> {
  const place = (name: string): string => join(folder, `privileges.${name}`);
  const restore = (...words: readonly string[]): Promise<unknown> =>
    commands.run(pgRestore, [...words, definitions], { environment: { LC_ALL: 'C' } });
  await restore('--no-privileges', `--file=${place('owned')}`);
  await restore('--no-privileges', '--no-owner', `--file=${place('plain')}`);
  await restore('--list', `--file=${place('list')}`);
  const grants = await writeGrantList(place('list'), place('grants.list'));
  if (grants > 0) await restore(`--use-list=${place('grants.list')}`, `--file=${place('grants')}`);
  const file = place('sql');
  const text = async function* (): AsyncGenerator<string> {
    yield Buffer.from(renderHead(head)).toString('latin1');
    yield `\nset client_encoding to ${quoteLiteral(encoding)};\n\n-- Owners.\n`;
    for await (const line of insertedLines(place('owned'), place('plain'))) yield `${line}\n`;
    yield '\n-- Privileges, and those that new objects get.\n';
    if (grants > 0)
      for await (const line of linesOf(place('grants'))) if (isStatement(line)) yield `${line}\n`;
  };
  await pipeline(
    Readable.from(text()),
    createWriteStream(file, { mode: 0o600, encoding: 'latin1', flags: 'wx' }),
  );
  return file;
}

/** The settings that every script of pg_restore begins with would undo ours. */
function isStatement(line: string): boolean {
  return (
    line !== '' &&
    !line.startsWith('--') &&
    !/^(?:SET \w+ = |SELECT pg_catalog\.set_config\('search_path'|\\(?:un)?restrict )/.test(line)
  );
}

/** Entries of privileges, in their order: `3021; 0 0 ACL public TABLE orders owner`. */
async function writeGrantList(list: string, file: string): Promise<number> {
  const entries: string[] = [];
  for await (const line of linesOf(list))
    if (/^\d+; \d+ \d+ (?:DEFAULT )?ACL /.test(line)) entries.push(`${line}\n`);
  await pipeline(Readable.from(entries), createWriteStream(file, { mode: 0o600, encoding: 'latin1' }));
  return entries.length;
}

/** Lines of a text that another one lacks, which is the same text but for these. */
async function* insertedLines(longer: string, shorter: string): AsyncGenerator<string> {
  const others = linesOf(shorter)[Symbol.asyncIterator]();
  let other = await others.next();
  for await (const line of linesOf(longer)) {
    if (other.done !== true && alike(other.value) === alike(line)) other = await others.next();
    else if (line !== '') yield line;
  }
}

/** The comment above an entry names its owner, or `-`; a script of recent versions stands between random tokens. */
function alike(line: string): string {
  if (line.startsWith('-- ')) return line.replace(/; Owner: .*$/, '');
  return line.replace(/^(\\(?:un)?restrict) .*$/, '$1');
}

/** Bytes as characters: whatever the encoding, they go on as they came. */
function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file, 'latin1'), crlfDelay: 0 });
}

/** In place of the database's name, which the restored one need not have. */
const placeholder = 'the restored database';

/** What stands before the statements about objects. Pure. */
export function renderHead({ database, serverVersion, traits, usualGrants, roles }: PrivilegesHead): string {
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
`;
}

/** A name may hold a line break, which would end a comment. */
function visibleLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}

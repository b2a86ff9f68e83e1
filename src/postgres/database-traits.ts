import { grantsExpression, grantStatements, withOwner, type Grant } from './grants.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';

/** What a database is besides its contents: what a dump of it does not carry. */
export interface DatabaseTraits {
  readonly name: string;
  readonly owner: string;
  /** -1 is without limit. */
  readonly connectionLimit: number;
  readonly comment: string | null;
  readonly grants: readonly Grant[];
  readonly settings: readonly DatabaseSetting[];
  /** The session's role may rename it: its owner, with the right to create databases, or a superuser. */
  readonly mayRename: boolean;
}

/** `alter database … set`, or `alter role … in database … set`. */
export interface DatabaseSetting {
  readonly role: string | null;
  /** `name=value`, as Postgres keeps it. */
  readonly text: string;
}

/** Settings whose value is a list of names, each quoted by itself. */
const listSettings = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
  'restrict_nonsystem_relation_kind',
];

/** Undefined when there is no such database. @throws Failure `postgres-*` */
export async function readDatabaseTraits(
  session: Session,
  database: string,
): Promise<DatabaseTraits | undefined> {
  const [row] = await session.query<DatabaseTraits>(
    `select d.datname as name, pg_get_userbyid(d.datdba) as owner, d.datconnlimit as "connectionLimit",
            shobj_description(d.oid, 'pg_database') as comment,
            ${grantsExpression('d.datacl', 'd', 'd.datdba')} as grants,
            (select coalesce(jsonb_agg(jsonb_build_object(
                      'role', case when s.setrole = 0 then null else pg_get_userbyid(s.setrole) end, 'text', t.text)
                      order by s.setrole, t.place), '[]')
               from pg_db_role_setting s, unnest(s.setconfig) with ordinality as t(text, place)
              where s.setdatabase = d.oid) as settings,
            r.rolsuper or (r.rolcreatedb and pg_has_role(d.datdba, 'USAGE')) as "mayRename"
       from pg_database d, pg_roles r
      where d.datname = $1 and r.rolname = current_user`,
    [database],
    `reading the settings of the database ${database}`,
  );
  return row;
}

/** Statements that give `next` the owner, limit, privileges and settings of `model`; its owner last. Pure. */
export function likenessStatements(model: DatabaseTraits, next: DatabaseTraits): readonly string[] {
  const name = quoteIdentifier(next.name);
  const roles = new Set(next.settings.map(({ role }) => role));
  return [
    ...[...roles].map((role) => `${alter(role, next.name)} reset all`),
    ...model.settings.map(({ role, text }) => `${alter(role, next.name)} set ${settingAsSql(text)}`),
    ...(model.connectionLimit === next.connectionLimit
      ? []
      : [`alter database ${name} with connection limit ${String(model.connectionLimit)}`]),
    ...(model.owner === next.owner
      ? []
      : [`alter database ${name} owner to ${quoteIdentifier(model.owner)}`]),
    ...grantStatements(`database ${name}`, model.grants, withOwner(next.grants, next.owner, model.owner)),
  ];
}

function alter(role: string | null, database: string): string {
  const name = quoteIdentifier(database);
  return role === null ? `alter database ${name}` : `alter role ${quoteIdentifier(role)} in database ${name}`;
}

function settingAsSql(text: string): string {
  const at = text.indexOf('=');
  const key = text.slice(0, at);
  const value = text.slice(at + 1);
  const name = key.split('.').map(quoteIdentifier).join('.');
  const isList = listSettings.includes(key.toLowerCase());
  return `${name} to ${isList ? namesIn(value).map(quoteLiteral).join(', ') : quoteLiteral(value)}`;
}

/** `"$user", public` as its names. An empty list is one empty name. */
function namesIn(list: string): string[] {
  const names = [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]*[^",\s]))\s*(?:,|$)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
  return names.length === 0 ? [''] : names;
}

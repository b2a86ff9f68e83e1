import type { Session } from './connect.ts';
import type { SameObject } from './privilege-plan.ts';

/** A role that could do something with an object in the old database and cannot in the new one. */
export interface LostPrivilege {
  /** `public` for everybody. */
  readonly role: string;
  readonly privilege: string;
  /** `table public.orders`. */
  readonly object: string;
}

/**
 * What roles would lose by the new database, asked of it through `session`, so that memberships and superusers count.
 * @throws Failure `postgres-*`
 */
export async function findLostPrivileges(
  session: Session,
  objects: readonly SameObject[],
): Promise<readonly LostPrivilege[]> {
  const wanted = objects.flatMap(({ model, next }) =>
    model.grants.map(({ grantee, privilege }) => ({
      kind: next.kind,
      oid: next.oid,
      column: next.columns === '' ? null : next.columns.slice(2, -1),
      object: `${next.target}${next.columns}`,
      role: grantee ?? 'public',
      privilege,
    })),
  );
  return session.query<LostPrivilege>(
    `select w.role, w.privilege, w.object
       from jsonb_to_recordset($1::jsonb)
         as w(kind text, oid oid, "column" text, object text, role text, privilege text)
      where not case w.kind
              when 'schema' then has_schema_privilege(w.role, w.oid, w.privilege)
              when 'table' then has_table_privilege(w.role, w.oid, w.privilege)
              when 'sequence' then has_sequence_privilege(w.role, w.oid, w.privilege)
              when 'function' then has_function_privilege(w.role, w.oid, w.privilege)
              when 'type' then has_type_privilege(w.role, w.oid, w.privilege)
              when 'column' then has_column_privilege(w.role, w.oid,
                (select a.attname from pg_attribute a
                  where a.attrelid = w.oid and quote_ident(a.attname) = w."column"), w.privilege)
            end
      order by w.role, w.object, w.privilege`,
    [JSON.stringify(wanted)],
    'comparing privileges',
  );
}

import { grantsExpression, type Grant } from './grants.ts';
import type { Session } from './connect.ts';

/** Who owns an object of a database and who may do what with it. */
export interface ObjectTraits {
  readonly kind: ObjectKind;
  /** Of the class that the kind stands for; of a column, that of its table. */
  readonly oid: string;
  /** Column's number; 0 for every other kind. */
  readonly column: number;
  /** The object as SQL names it after `on` of a grant: `table "public"."orders"`. The same in another database means the same object. */
  readonly target: string;
  /** As `alter … owner to` names it; null where the owner follows another object's. */
  readonly owned: string | null;
  /** Columns of a column's grants: ` ("name")`; otherwise empty. */
  readonly columns: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
}

export type ObjectKind = 'schema' | 'table' | 'sequence' | 'column' | 'function' | 'type';

/**
 * Every object of the session's database that people make and that bears privileges: schemas, tables and what reads
 * like one, columns with privileges of their own, sequences, functions, types. Not those of extensions, which the
 * extension brings along, nor the server's own.
 * @throws Failure `postgres-*`
 */
export async function readObjectTraits(session: Session): Promise<readonly ObjectTraits[]> {
  // Names come out qualified, however the database's own search path reads.
  await session.query(`select set_config('search_path', 'pg_catalog', false)`);
  return session.query<ObjectTraits>(
    `with own_schema as (
       select * from pg_namespace n
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and ${isOwn('pg_namespace', 'n')}
     ), own_relation as (
       select c.*, format('%I.%I', n.nspname, c.relname) as named,
              exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                         and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
                         and d.deptype in ('a', 'i')) as follows
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_'
          and n.nspname <> 'information_schema' and ${isOwn('pg_class', 'c')}
     )
     select 'schema' as kind, n.oid::text as oid, 0 as "column", format('schema %I', n.nspname) as target,
            format('schema %I', n.nspname) as owned, '' as columns, pg_get_userbyid(n.nspowner) as owner,
            ${grantsExpression('n.nspacl', 'n', 'n.nspowner')} as grants
       from own_schema n
     union all
     select case when c.relkind = 'S' then 'sequence' else 'table' end, c.oid::text, 0,
            case when c.relkind = 'S' then 'sequence ' else 'table ' end || c.named,
            case when c.relkind = 'S' and c.follows then null
                 else case c.relkind when 'S' then 'sequence ' when 'v' then 'view ' when 'm' then 'materialized view '
                                     when 'f' then 'foreign table ' else 'table ' end || c.named end,
            '', pg_get_userbyid(c.relowner),
            case when c.relkind = 'S' then ${grantsExpression('c.relacl', 's', 'c.relowner')}
                 else ${grantsExpression('c.relacl', 'r', 'c.relowner')} end
       from own_relation c
     union all
     select 'column', c.oid::text, a.attnum, 'table ' || c.named, null, format(' (%I)', a.attname),
            pg_get_userbyid(c.relowner), ${grantsExpression('a.attacl', 'c', 'c.relowner')}
       from own_relation c join pg_attribute a on a.attrelid = c.oid
      where a.attnum > 0 and not a.attisdropped
        and exists (select from pg_attribute o where o.attrelid = c.oid and o.attacl is not null)
     union all
     select 'function', p.oid::text, 0, named.text, named.text, '', pg_get_userbyid(p.proowner),
            ${grantsExpression('p.proacl', 'f', 'p.proowner')}
       from pg_proc p join own_schema n on n.oid = p.pronamespace
      cross join lateral (select format('routine %I.%I(%s)', n.nspname, p.proname,
                                        pg_get_function_identity_arguments(p.oid)) as text) named
      where ${isOwn('pg_proc', 'p')}
     union all
     select 'type', t.oid::text, 0, named.text, named.text, '', pg_get_userbyid(t.typowner),
            ${grantsExpression('t.typacl', 'T', 't.typowner')}
       from pg_type t join own_schema n on n.oid = t.typnamespace
       left join pg_class c on c.oid = t.typrelid
      cross join lateral (select format('type %I.%I', n.nspname, t.typname) as text) named
      where (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') and ${isOwn('pg_type', 't')}
     order by target, columns`,
    [],
    'reading owners and privileges',
  );
}

function isOwn(catalog: string, alias: string): string {
  return `not exists (select from pg_depend x where x.classid = '${catalog}'::regclass and x.objid = ${alias}.oid and x.deptype = 'e')`;
}

import { readName } from './encoding.ts';
import type { Session } from './connect.ts';
import { Failure } from '../base/failure.ts';
import { orWhyNot } from './savepoint.ts';

/** An object that a restore makes, or fills, by a function that names things without their schema. */
export interface NeededSearchPath {
  /** As the server describes it: `index cities_by_name`. */
  readonly object: string;
  readonly function: string;
  /** What is not found. */
  readonly reason: string;
}

/**
 * Indexes, checks, generated columns and materialized views whose functions do not find what they name under the empty
 * search path of a restore: functions in SQL by their language's own validator, those in plpgsql by the words of their
 * text, as that names nothing before it runs. Functions with a path of their own and with bodies of standard SQL are not
 * among them, and what those call in turn is not looked at.
 * @param session whose search path is empty, in a transaction
 * @throws Failure when the session is lost
 */
export async function findNeededSearchPaths(session: Session): Promise<readonly NeededSearchPath[]> {
  const used = await orWhyNot(session, () =>
    session.query<UseRow>(usesOfFunctions, [], 'looking for functions that need a search path'),
  );
  if (used instanceof Failure) return [];
  const reasons = new Map<string, string | undefined>();
  const found: NeededSearchPath[] = [];
  for (const use of used) {
    if (!reasons.has(use.oid)) reasons.set(use.oid, await reasonOf(session, use));
    const reason = reasons.get(use.oid);
    if (reason !== undefined)
      found.push({ object: text(use.object, use), function: text(use.function, use), reason });
  }
  return found;
}

interface UseRow {
  readonly oid: string;
  readonly language: 'sql' | 'plpgsql';
  /** Hex digits, as names may be no text. */
  readonly object: string;
  readonly function: string;
  readonly encoding: string;
  /** The first word of a plpgsql text that only a path would find. */
  readonly word: string | null;
}

/** undefined_function, _table, _column, _object, invalid_schema_name, undefined_parameter */
const undefinedStates = ['42883', '42P01', '42703', '42704', '3F000', '42P02'];

async function reasonOf(
  session: Session,
  { oid, language, word, encoding }: UseRow,
): Promise<string | undefined> {
  if (language === 'plpgsql')
    return word === null ? undefined : `it names ${text(word, { encoding })} without its schema`;
  const refused = await orWhyNot(session, () =>
    session.query('select pg_catalog.fmgr_sql_validator($1::oid)', [oid], 'resolving a function'),
  );
  const isUnresolved = refused instanceof Failure && undefinedStates.includes(refused.fields.sqlstate ?? '');
  return isUnresolved ? (refused.message.split('\n', 1)[0] ?? '') : undefined;
}

function text(hex: string, { encoding }: Pick<UseRow, 'encoding'>): string {
  return readName(hex, encoding).text;
}

const hexOf = (expression: string): string =>
  `encode(convert_to(${expression}, getdatabaseencoding()), 'hex')`;

/** Every use, also through views that a materialized view reads and through operators. */
const usesOfFunctions = `
with recursive behind (top, oid) as (
  select c.oid, c.oid from pg_class c where c.relkind = 'm'
  union
  select b.top, d.refobjid from behind b
    join pg_rewrite r on r.ev_class = b.oid
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.relkind = 'v'
), maker (classid, objid, class, id, sub) as (
  select 'pg_class'::regclass, i.indexrelid, 'pg_class'::regclass, i.indexrelid, 0 from pg_index i
  union all
  select 'pg_constraint'::regclass, k.oid, 'pg_constraint'::regclass, k.oid, 0 from pg_constraint k where k.contype = 'c'
  union all
  select 'pg_attrdef'::regclass, a.oid, 'pg_class'::regclass, a.adrelid, a.adnum::int from pg_attrdef a
    join pg_attribute t on t.attrelid = a.adrelid and t.attnum = a.adnum and t.attgenerated <> ''
  union all
  select 'pg_rewrite'::regclass, r.oid, 'pg_class'::regclass, b.top, 0 from behind b join pg_rewrite r on r.ev_class = b.oid
), used (class, id, sub, function) as (
  select m.class, m.id, m.sub, coalesce(o.oprcode::oid, d.refobjid)
    from maker m join pg_depend d on d.classid = m.classid and d.objid = m.objid
    left join pg_operator o on d.refclassid = 'pg_operator'::regclass and o.oid = d.refobjid
   where d.refclassid in ('pg_proc'::regclass, 'pg_operator'::regclass)
), own_name (name, isfunction) as (
  select p.proname, true from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and not exists (select from pg_proc s where s.proname = p.proname and s.pronamespace = 'pg_catalog'::regnamespace)
  union
  select c.relname, false from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
)
select distinct p.oid::text as oid, l.lanname as language, getdatabaseencoding() as encoding,
       ${hexOf('pg_describe_object(u.class, u.id, u.sub)')} as object,
       ${hexOf('p.oid::regprocedure::text')} as function,
       case when l.lanname = 'plpgsql' then (
         select ${hexOf('min(w.name::text)')} from own_name w,
                regexp_replace(regexp_replace(regexp_replace(p.prosrc, '--[^\\n]*', ' ', 'g'), '/\\*.*?\\*/', ' ', 'g'),
                               '''(?:[^'']|'''')*''', ' ', 'g') as body
          where position(lower(w.name::text) in lower(body)) > 0
            and body ~* (case when w.isfunction then '(?:^|[^.\\w"])' else '\\m(?:from|join|insert\\s+into|update)\\s+(?:only\\s+)?' end
                     || '"?' || regexp_replace(w.name::text, '(\\W)', '\\\\\\1', 'g') || '"?'
                     || case when w.isfunction then '\\s*\\(' else '(?![\\w.])' end)
       ) end as word
  from used u join pg_proc p on p.oid = u.function join pg_language l on l.oid = p.prolang
 where l.lanname in ('sql', 'plpgsql') and p.pronamespace <> 'pg_catalog'::regnamespace
   and to_jsonb(p) ->> 'prosqlbody' is null
   and not exists (select from unnest(p.proconfig) as setting where setting like 'search_path=%')
 order by object, function`;

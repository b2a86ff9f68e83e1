import type { Session } from './connect.ts';
import { isAbsent, runKept, whyRefused, type OwnerMap } from './give-privileges.ts';
import { quoteIdentifier } from './identifier.ts';
import { keptStatements, legible, type KeptPrivileges } from './kept-privileges.ts';
import { classOf } from './object-class.ts';
import { readObjectTraits } from './object-traits.ts';
import { nameIn, tokensOf } from './sql-text.ts';

export interface ClosingOptions {
  /** What the source's privileges are; undefined where nobody knows. */
  readonly privileges: KeptPrivileges | undefined;
  readonly database: string;
  /** The database was made for this restore, and holds nothing but what it brought. */
  readonly isNew: boolean;
  readonly ownerMap: OwnerMap;
  /** Owners and privileges were given: only what is not the owner's that it was is looked at. */
  readonly areGiven: boolean;
}

/** What a restored database would have let more people do than the dumped one. */
export interface ClosedPrivileges {
  /** Taken away, in words. */
  readonly closed: readonly string[];
  /** What could not be taken away, with the reason. */
  readonly open: readonly string[];
}

/**
 * Takes away what the restored database lets people do and the dumped one did not: what everybody may do with new objects
 * and could not with the old ones, and what people could do in the name of an owner that is another one now. Gives nothing
 * to anybody. The session is for this alone.
 * @throws Failure `postgres-*`, `dump-unusable`
 */
export async function closePrivileges(session: Session, options: ClosingOptions): Promise<ClosedPrivileges> {
  await session.query(`select set_config('search_path', '', false)`);
  const closed: string[] = [];
  const open: string[] = [];
  const { privileges } = options;
  if (privileges !== undefined && !options.areGiven) {
    const taken = await takeFromPublic(session, privileges, options);
    closed.push(...taken.closed);
    open.push(...taken.open);
  }
  const owners = privileges === undefined ? undefined : ownersIn(privileges, options.ownerMap);
  for (const each of [
    await closeDefiners(session, owners, options.isNew),
    await closeViews(session, owners, options.isNew),
  ]) {
    closed.push(...each.closed);
    open.push(...each.open);
  }
  return { closed, open };
}

/** What everybody may do with a new object of a kind. */
const usual: Readonly<Record<string, readonly string[]>> = {
  FUNCTION: ['EXECUTE'],
  PROCEDURE: ['EXECUTE'],
  TYPE: ['USAGE'],
  DOMAIN: ['USAGE'],
  LANGUAGE: ['USAGE'],
  SCHEMA: ['USAGE', 'CREATE'],
  DATABASE: ['CONNECT', 'TEMPORARY'],
};

/** What everybody lost of one object at the source. */
interface Revocation {
  readonly kind: string;
  /** As SQL spells it; bytes as characters. */
  readonly name: string;
  readonly encoding: string;
  readonly privileges: ReadonlySet<string>;
}

/** What `public` could not do at the source and may do with a new object, one entry an object. Pure. */
export function revocationsOf(privileges: KeptPrivileges): readonly Revocation[] {
  const found = new Map<string, Revocation & { readonly privileges: Set<string> }>();
  for (const { kind, object, grant, encoding } of keptStatements(privileges)) {
    if (grant === undefined || grant.grantee !== undefined) continue;
    const key = `${object.kind} ${object.name}`;
    const before = found.get(key);
    const all = grant.privileges.flatMap((word) => meantBy(word, object.kind));
    if (kind === 'revoke')
      found.set(key, {
        ...object,
        encoding,
        privileges: new Set([...(before?.privileges ?? []), ...all]),
      });
    // Tables are nobody's by themselves: what was granted again is a grant as any other.
    if (kind === 'grant' && usual[object.kind] !== undefined)
      for (const word of all) before?.privileges.delete(word);
  }
  return [...found.values()].filter((each) => each.privileges.size > 0);
}

function meantBy(word: string, kind: string): readonly string[] {
  if (word === 'ALL') return usual[kind] ?? [word];
  return [word === 'TEMP' ? 'TEMPORARY' : word];
}

async function takeFromPublic(
  session: Session,
  privileges: KeptPrivileges,
  { database, isNew }: ClosingOptions,
): Promise<ClosedPrivileges> {
  const revocations = revocationsOf(privileges).filter(({ kind }) => kind !== 'DATABASE' || isNew);
  const open: string[] = [];
  const done: Revocation[] = [];
  for (const revocation of revocations) {
    const { kind, encoding } = revocation;
    const name = kind === 'DATABASE' ? bytesOf(quoteIdentifier(database)) : revocation.name;
    const sql = `revoke ${[...revocation.privileges].join(', ')} on ${kind} ${name} from public`;
    const why = await whyRefused(session, () => runKept(session, sql, encoding));
    if (why === undefined) done.push({ ...revocation, name });
    // What is not restored lets nobody do anything.
    else if (!isAbsent(why.sqlstate)) open.push(`${wordsOf(revocation, database)}: ${why.text}`);
  }
  const still = done.length === 0 ? new Set<string>() : await stillPublic(session);
  const [kept, gone] = [true, false].map((isOpen) =>
    done.filter(({ kind, name }) => still.has(keyOf(kind, name)) === isOpen),
  );
  return {
    closed: (gone ?? []).map((each) => wordsOf(each, database)),
    open: [
      ...open,
      ...(kept ?? []).map((each) => `${wordsOf(each, database)}: somebody else granted it to everybody`),
    ],
  };
}

function wordsOf({ kind, name, encoding, privileges }: Revocation, database: string): string {
  const what = kind === 'DATABASE' ? database : legible(name, encoding);
  return `${[...privileges].join(', ')} on ${kind.toLowerCase()} ${what} by everybody`;
}

/**
 * Objects of which everybody may still do what everybody may with new ones: a server only warns of a revocation that
 * changes nothing.
 */
async function stillPublic(session: Session): Promise<ReadonlySet<string>> {
  const traits = await readObjectTraits(session);
  await session.query(`select set_config('search_path', '', false)`);
  return new Set(
    traits
      .filter(({ kind, grants }) => {
        const words = kind === 'function' ? ['EXECUTE'] : kind === 'type' ? ['USAGE'] : [];
        return grants.some(({ grantee, privilege }) => grantee === null && words.includes(privilege));
      })
      .map(({ kind, target }) => keyOf(kind, bytesOf(target.slice(target.indexOf(' ') + 1)))),
  );
}

/** Owners at the source, by `keyOf`, as they are called here. */
function ownersIn(privileges: KeptPrivileges, ownerMap: OwnerMap): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { kind, object, owner, encoding } of keptStatements(privileges)) {
    if (kind !== 'owner' || owner === undefined) continue;
    const name = legible(owner, encoding);
    owners.set(keyOf(object.kind, object.name), ownerMap.get(name) ?? name);
  }
  return owners;
}

interface OwnedHere {
  readonly name: string;
  readonly owner: string;
  /** By others than the owner: null is everybody. */
  readonly grantees: readonly (string | null)[];
}

/** Functions that run as their owner, who is another one now. */
async function closeDefiners(
  session: Session,
  owners: ReadonlyMap<string, string> | undefined,
  isNew: boolean,
): Promise<ClosedPrivileges> {
  const read = (): Promise<readonly (OwnedHere & { superuser: boolean })[]> =>
    session.query(
      `select format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as name,
              r.rolname as owner, r.rolsuper as superuser,
              array_agg(distinct case when g.grantee = 0 then null else pg_catalog.pg_get_userbyid(g.grantee)::text end) as grantees
         from pg_catalog.pg_proc p
         join pg_catalog.pg_namespace n on n.oid = p.pronamespace
         join pg_catalog.pg_roles r on r.oid = p.proowner
        cross join pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) g
        where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') and g.grantee <> p.proowner
          and not exists (select from pg_catalog.pg_depend x
                           where x.classid = 'pg_catalog.pg_proc'::regclass and x.objid = p.oid and x.deptype = 'e')
        group by 1, 2, 3 order by 1`,
      [],
      'looking for functions that run as their owner',
    );
  const isOthers = ({ name, owner, superuser }: OwnedHere & { readonly superuser: boolean }): boolean => {
    // Of a dump that says no owners only what would make a superuser of everybody.
    if (owners === undefined) return isNew && superuser;
    const was = owners.get(keyOf('FUNCTION', bytesOf(name)));
    return was === undefined ? isNew : was !== owner;
  };
  const words = ({ name, owner }: OwnedHere): string =>
    `EXECUTE on function ${name} by others than its owner, who is ${owner} now and in whose name it runs`;
  const found = (await read()).filter(isOthers);
  const refused = new Map<string, string>();
  for (const { name, grantees } of found) {
    const why = await whyRefused(session, () =>
      session.statement(`revoke all on routine ${name} from ${rolesIn(grantees)}`),
    );
    if (why !== undefined) refused.set(name, why.text);
  }
  const left = new Set(found.length === 0 ? [] : (await read()).filter(isOthers).map(({ name }) => name));
  return {
    closed: found.filter(({ name }) => !left.has(name)).map(words),
    open: found
      .filter(({ name }) => left.has(name))
      .map((each) => `${words(each)}: ${refused.get(each.name) ?? 'somebody else granted it'}`),
  };
}

/**
 * Views that show what row security hid from their owner, because that is another one now whom it does not bind. A restore
 * without privileges lets nobody else read them; what somebody has set up to be granted by itself is taken away.
 */
async function closeViews(
  session: Session,
  owners: ReadonlyMap<string, string> | undefined,
  isNew: boolean,
): Promise<ClosedPrivileges> {
  const rows = await session.query<OwnedHere>(
    `with recursive reads(view, relation) as (
       select r.ev_class, d.refobjid
         from pg_catalog.pg_rewrite r
         join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind = 'v'
         join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.oid
          and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.ev_class
     ), reaches(view, relation) as (
       select view, relation from reads
       union select a.view, b.relation from reaches a join reads b on b.view = a.relation
     )
     select format('%I.%I', n.nspname, v.relname) as name, o.rolname as owner,
            array(select distinct case when g.grantee = 0 then null else pg_catalog.pg_get_userbyid(g.grantee)::text end
                    from pg_catalog.aclexplode(v.relacl) g where g.grantee <> v.relowner) as grantees
       from reaches
       join pg_catalog.pg_class v on v.oid = reaches.view
       join pg_catalog.pg_namespace n on n.oid = v.relnamespace
       join pg_catalog.pg_roles o on o.oid = v.relowner
       join pg_catalog.pg_class t on t.oid = reaches.relation and t.relrowsecurity
      where (o.rolsuper or o.rolbypassrls or (t.relowner = v.relowner and not t.relforcerowsecurity))
        and not exists (select from pg_catalog.pg_options_to_table(v.reloptions)
                         where option_name = 'security_invoker' and option_value::boolean)
        and not exists (select from pg_catalog.pg_depend x
                         where x.classid = 'pg_catalog.pg_class'::regclass and x.objid = v.oid and x.deptype = 'e')
      group by v.oid, v.relowner, v.relacl, n.nspname, v.relname, o.rolname order by 1`,
    [],
    'looking for views of tables with row security',
  );
  const closed: string[] = [];
  const open: string[] = [];
  for (const { name, owner, grantees } of rows) {
    const was = owners?.get(keyOf('VIEW', bytesOf(name)));
    if (was === owner || (was === undefined && !isNew)) continue;
    const words = `reading the view ${name} by others than its owner, who is ${owner} now and whom row security does not bind`;
    const why =
      grantees.length === 0
        ? undefined
        : await whyRefused(session, () =>
            session.statement(`revoke all on table ${name} from ${rolesIn(grantees)}`),
          );
    if (why === undefined) closed.push(words);
    else open.push(`${words}: ${why.text}`);
  }
  return { closed, open };
}

function rolesIn(grantees: readonly (string | null)[]): string {
  return grantees.map((name) => (name === null ? 'public' : quoteIdentifier(name))).join(', ');
}

/** The same for one object, however it is spelled: names quoted or not, a procedure or a function. */
function keyOf(kind: string, name: string): string {
  const tokens = tokensOf(name) ?? [];
  const words = tokens.map((token) =>
    token.kind === 'word' || token.kind === 'quoted' ? JSON.stringify(nameIn(token)) : token.text,
  );
  return `${classOf(kind.toUpperCase())} ${words.join(' ')}`;
}

function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Whether everybody could connect to the source: undefined privileges say nothing against it. Pure. */
export function couldEverybodyConnect(privileges: KeptPrivileges | undefined): boolean {
  if (privileges === undefined) return true;
  return !revocationsOf(privileges).some(
    ({ kind, privileges: words }) => kind === 'DATABASE' && words.has('CONNECT'),
  );
}

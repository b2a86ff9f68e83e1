import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { escapeIdentifier } from 'pg';
import { describe, expect, inject, test } from 'vitest';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import cutover from '../../../tasks/postgres-cutover.ts';
import type { PostgresCutoverParameters } from '../../../src/language/generated/postgres-cutover.types.ts';
import { queryServer } from '../../services/database.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { attempt, environmentFor, type AttemptOptions, type Said } from './attempt.ts';
import { cutoverDatabases, originOf, query, sitIn, type CutoverDatabases } from './cutover-databases.ts';

const services = inject('services');
const childFile = fileURLToPath(new URL('cutover-process.ts', import.meta.url));
const settings = { store: { kind: 'folder', folder: '/nowhere' } } as const;

interface Done {
  readonly previous: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly said: Said;
}

async function cutOver(
  { live, next, owns }: CutoverDatabases,
  parameters: PostgresCutoverParameters = {},
  options: Partial<AttemptOptions> & { readonly login?: Partial<PostgresEndpoint> } = {},
): Promise<Done> {
  const { result, said } = await attempt(
    cutover,
    { database: next.name, ...parameters },
    {
      environment: environmentFor(services, live.name, settings, options.login),
      repository: memoryRepository(),
      password: services.postgres.password,
      ...options,
    },
  );
  const previous = result.outputs?.['previous'] ?? '';
  owns(previous);
  return { previous, facts: result.facts ?? {}, said };
}

async function traits(database: string): Promise<Record<string, unknown>> {
  const rows = await queryServer<Record<string, unknown>>(
    services,
    `select pg_get_userbyid(datdba) as owner, datconnlimit as "limit", datallowconn as open,
            (select array_agg(a::text order by a::text) from unnest(datacl) a) as acl,
            shobj_description(d.oid, 'pg_database') as comment,
            (select array_agg(setconfig::text order by setrole) from pg_db_role_setting where setdatabase = d.oid) as settings
       from pg_database d where datname = $1`,
    [database],
  );
  return rows[0] ?? {};
}

describe('a cutover', () => {
  test('puts the restored database in the place of the live one, from under its sessions', async () => {
    const databases = await cutoverDatabases(services);
    const sitting = await sitIn(services, databases.live.name);
    const { previous, facts, said } = await cutOver(databases);
    expect(previous).toMatch(new RegExp(`^${databases.live.name}_before_\\d{8}T\\d{6}$`));
    expect(await originOf(services, databases.live.name)).toBe('restored');
    expect(await originOf(services, previous)).toBe('live');
    await expect(sitting.query('select 1')).rejects.toThrow();
    expect(facts).toMatchObject({ live: databases.live.name, restored: databases.next.name, previous });
    expect(said.notes.join('\n')).toContain(
      `alter database "${previous}" rename to "${databases.live.name}";`,
    );
    expect(said.warnings).toEqual([]);
  });

  test('takes the database that the run restored, and later steps find it under the live name', async () => {
    const databases = await cutoverDatabases(services);
    const configured = environmentFor(services, databases.live.name, settings);
    const restored = environmentFor(services, databases.next.name, settings);
    if (restored.postgres === undefined) throw new Error('the environment has a Postgres');
    const { result } = await attempt(
      cutover,
      {},
      {
        environment: restored,
        others: [{ environment: configured }],
        restored: { postgres: restored.postgres },
        repository: memoryRepository(),
        password: services.postgres.password,
      },
    );
    databases.owns(result.outputs?.['previous'] ?? '');
    expect(await originOf(services, databases.live.name)).toBe('restored');
    expect(result.restored?.postgres.database).toBe(databases.live.name);
  });

  test('warns of what the restored database lacks', async () => {
    const databases = await cutoverDatabases(services);
    const { postgres } = environmentFor(services, databases.next.name, settings);
    if (postgres === undefined) throw new Error('the environment has a Postgres');
    const artifact = {
      name: 'pg_shop_20250101T020000Z',
      environment: 'prod',
      partial: 'partial: without audit.*',
    };
    const restored = { postgres, artifact, partial: 'table orders', incomplete: ['INDEX public i app'] };
    const { said } = await cutOver(databases, {}, { restored });
    expect(said.warnings).toEqual([
      `what becomes ${databases.live.name} is not whole: its artifact is partial: without audit.*; ` +
        'only a part was restored (table orders); accepted without INDEX public i app',
    ]);
  });

  test('the statements that it reports lead back, in psql', async () => {
    const databases = await cutoverDatabases(services);
    const { facts } = await cutOver(databases);
    const wayBack = facts['wayBack'] as readonly string[];
    databases.owns(/rename to "(.*_failed_.*)"/.exec(wayBack.join('\n'))?.[1] ?? '');
    for (const statement of wayBack.filter((line) => !['begin;', 'commit;'].includes(line)))
      await queryServer(services, statement);
    expect(await originOf(services, databases.live.name)).toBe('live');
  });

  test('works with names of spaces, quotes and 63 bytes', async () => {
    const name = `it's a "live" $base \\ `.padEnd(61, 'x') + 'ü';
    const databases = await cutoverDatabases(services, name);
    const { previous } = await cutOver(databases);
    expect(Buffer.byteLength(previous)).toBeLessThanOrEqual(63);
    expect(await originOf(services, name)).toBe('restored');
    expect(await originOf(services, previous)).toBe('live');
  });

  test('gives the new one the owner, settings, limit, privileges and comment of the old one', async () => {
    const databases = await cutoverDatabases(services);
    const { live, next } = databases;
    const [owner, app] = [await databases.role(), await databases.role()].map(escapeIdentifier);
    const name = escapeIdentifier(live.name);
    await live.query(`
      alter database ${name} owner to ${owner ?? ''};
      alter database ${name} with connection limit 77;
      alter database ${name} set search_path to "$user", "my schema", public;
      alter database ${name} set "app.tenant" to 'it''s \\ one';
      alter role ${app ?? ''} in database ${name} set statement_timeout to '7s';
      revoke connect on database ${name} from public;
      grant connect on database ${name} to ${app ?? ''} with grant option;
      comment on database ${name} is 'the live one';
    `);
    await next.query(`
      alter database ${escapeIdentifier(next.name)} set work_mem to '9MB';
      comment on database ${escapeIdentifier(next.name)} is 'run-plan scratch of x';
    `);
    const before = await traits(live.name);
    expect((before['settings'] as string[]).length).toBe(2);
    const { previous } = await cutOver(databases);
    expect(await traits(live.name)).toEqual(before);
    expect(await traits(previous)).toEqual(before);
  });
});

describe('owners and privileges of objects', () => {
  const objects = `
    create schema "my schema";
    create type mood as enum ('good');
    create table "my schema"."it's ""odd""" (id int generated always as identity, code serial, email text);
    create view v as select 1 as one;
    create materialized view m as select 1 as one;
    create sequence s;
    create function f(a int, out b text) language sql as $$ select 'x' $$;
    create procedure p(a int) language sql as $$ select 1 $$;
  `;
  const table = `"my schema"."it's ""odd"""`;

  async function prepared(): Promise<
    CutoverDatabases & {
      readonly owner: string;
      readonly app: string;
      readonly login: { user: string; password: string };
    }
  > {
    const databases = await cutoverDatabases(services);
    const owner = await databases.role();
    const app = await databases.role();
    const [o, a] = [owner, app].map(escapeIdentifier) as [string, string];
    await databases.live.query(`${objects}
      alter schema "my schema" owner to ${o}; alter table ${table} owner to ${o}; alter view v owner to ${o};
      alter materialized view m owner to ${o}; alter sequence s owner to ${o}; alter function f owner to ${o};
      alter type mood owner to ${o}; alter table gone owner to ${o};
      grant usage on schema "my schema" to ${a}; grant insert on ${table} to ${a}; grant select (email) on ${table} to ${a};
      grant select on v, m to ${a}; grant usage on s, "my schema"."it's ""odd""_code_seq" to ${a};
      revoke execute on function f from public; grant execute on function f to ${a}; grant execute on procedure p to ${a} with grant option;
      grant select on gone to ${a};
    `);
    await databases.next.query(`${objects}; create table only_here (); grant select on only_here to ${a}`);
    return { ...databases, owner, app, login: { user: app, password: 'secret' } };
  }

  function ownersAndGrants(database: string): Promise<unknown[]> {
    return query(
      services,
      database,
      `select relname as name, pg_get_userbyid(relowner) as owner, (select array_agg(a::text order by a::text) from unnest(relacl) a) as acl
         from pg_class where relnamespace::regnamespace::text in ('public', '"my schema"') and relkind in ('r','v','m','S')
          and relname not in ('gone', 'only_here')
       union all select proname, pg_get_userbyid(proowner), (select array_agg(a::text order by a::text) from unnest(proacl) a)
         from pg_proc where pronamespace = 'public'::regnamespace
       union all select nspname, pg_get_userbyid(nspowner), (select array_agg(a::text order by a::text) from unnest(nspacl) a)
         from pg_namespace where nspname in ('public', 'my schema')
       union all select attname, '', (select array_agg(a::text order by a::text) from unnest(attacl) a) from pg_attribute where attacl is not null and attrelid >= 16384
       order by 1, 2`,
    );
  }

  test('are those of the live one after it, as far as it has the objects', async () => {
    const databases = await prepared();
    const { live, login } = databases;
    const before = await ownersAndGrants(live.name);
    const { facts } = await cutOver(databases);
    expect(await ownersAndGrants(live.name)).toEqual(before);
    expect(facts).toMatchObject({ privileges: { mode: 'copy', objects: expect.any(Number) } });
    const insert = `insert into ${table} (email) values ('a@b.example')`;
    await query(services, live.name, insert, login);
    await expect(query(services, live.name, `select code from ${table}`, login)).rejects.toThrow('denied');
    expect(await query(services, live.name, `select email from ${table}`, login)).toHaveLength(1);
    expect(await query(services, live.name, 'select * from only_here', login)).toEqual([]);
  });

  test('are checked: what a role would lose is named, and nothing has changed', async () => {
    const databases = await prepared();
    await expect(cutOver(databases, { privileges: 'check' })).rejects.toMatchObject({
      code: 'target-refused',
      message: expect.stringMatching(/^roles would lose privileges by .*role "\w+ .* on .* and \d+ more$/),
      facts: {
        lost: expect.arrayContaining([
          { role: databases.app, privilege: 'INSERT', object: `table ${table}` },
          { role: databases.app, privilege: 'SELECT', object: `table ${table} (email)` },
          { role: databases.app, privilege: 'USAGE', object: 'schema "my schema"' },
          { role: databases.owner, privilege: 'DELETE', object: 'table public.v' },
        ]),
      },
    });
    expect(await originOf(services, databases.live.name)).toBe('live');
    await cutOver(databases);
  });

  test('are left as they are when they are to be ignored', async () => {
    const databases = await prepared();
    await cutOver(databases, { privileges: 'ignore' });
    await expect(query(services, databases.live.name, 'select * from v', databases.login)).rejects.toThrow(
      'denied',
    );
  });
});

describe('a cutover is refused, and the live database is as it was', () => {
  async function refused(
    databases: CutoverDatabases,
    parameters: PostgresCutoverParameters,
    options: Parameters<typeof cutOver>[2] = {},
  ): Promise<unknown> {
    const before = await traits(databases.live.name);
    const failure: unknown = await cutOver(databases, parameters, options).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(await traits(databases.live.name)).toEqual(before);
    expect(await originOf(services, databases.live.name)).toBe('live');
    expect(await originOf(services, databases.next.name)).toBe('restored');
    return failure;
  }

  test('when there is no such database, or it is the live one', async () => {
    const databases = await cutoverDatabases(services);
    const { name } = databases.live;
    expect(await refused(databases, { database: 'not_there' })).toMatchObject({
      code: 'postgres-database-missing',
    });
    expect(await refused(databases, { database: name })).toMatchObject({ code: 'target-refused' });
    expect(await refused(databases, { live: 'postgres' })).toMatchObject({ code: 'target-refused' });
  });

  test('when the name to keep the old one under is taken, too long or a scratch database’s', async () => {
    const databases = await cutoverDatabases(services);
    for (const keepAs of [
      'template1',
      'ü'.repeat(32),
      'scratch_20250101t020000z_3fa9',
      databases.next.name,
    ]) {
      expect(await refused(databases, { 'keep-as': keepAs })).toMatchObject({ code: 'target-refused' });
    }
  });

  test('when the role may not rename', async () => {
    const databases = await cutoverDatabases(services);
    const weak = { login: { user: await databases.role('createdb') }, password: 'secret' };
    expect(await refused(databases, {}, weak)).toMatchObject({
      code: 'postgres-permission',
      message: expect.stringContaining('may not rename'),
    });
  });

  test('when the role may not copy what is to be copied: each statement is named', async () => {
    const databases = await cutoverDatabases(services);
    const weak = await databases.role('createdb');
    await giveTo(weak, databases.live.name, databases.next.name);
    await databases.live.query('grant select on customers to public; grant insert on customers to public');
    const options = { login: { user: weak }, password: 'secret' };
    expect(await refused(databases, {}, options)).toMatchObject({
      code: 'postgres-permission',
      facts: {
        failures: [{ statement: expect.stringMatching(/^grant .* on table public\.customers to public$/) }],
      },
    });
  });

  test('when somebody whom the role may not end still sits there: they are named, and connections are allowed', async () => {
    const databases = await cutoverDatabases(services);
    const weak = await databases.role('createdb');
    await giveTo(weak, databases.live.name, databases.next.name);
    await sitIn(services, databases.live.name);
    const options = { login: { user: weak }, password: 'secret' };
    expect(await refused(databases, { privileges: 'ignore', wait: '1s' }, options)).toMatchObject({
      code: 'target-refused',
      message: expect.stringMatching(/still sat .*\(web, backend \d+ in .*nothing was changed$/),
    });
  });

  test('when it is cancelled while it waits', async () => {
    const databases = await cutoverDatabases(services);
    const weak = await databases.role('createdb');
    await giveTo(weak, databases.live.name, databases.next.name);
    await sitIn(services, databases.live.name);
    const abort = new AbortController();
    const isClosed = closed(databases.live.name).then(() => {
      abort.abort(new Error('cancelled'));
    });
    const options = { login: { user: weak }, password: 'secret', signal: abort.signal };
    const failure = refused(databases, { privileges: 'ignore', wait: '60s' }, options);
    await isClosed;
    expect(await failure).toMatchObject({ message: 'cancelled' });
  });
});

test('a run that is killed between closing and renaming leaves the live database closed; the next opens it and goes on', async () => {
  const databases = await cutoverDatabases(services);
  const { live, next } = databases;
  const weak = await databases.role('createdb');
  await giveTo(weak, live.name, next.name);
  const sitting = await sitIn(services, live.name);
  const { postgres } = environmentFor(services, live.name, settings, { user: weak });
  const child = spawn(process.execPath, [childFile, JSON.stringify(postgres), next.name], {
    env: { ...process.env, PGPASSWORD: 'secret' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await closed(live.name);
  child.kill('SIGKILL');
  await ended;
  // Nothing was renamed, and nobody can connect: that is what a kill leaves.
  expect(await traits(live.name)).toMatchObject({ open: false });
  await sitting.end();
  const { said, previous } = await cutOver(databases);
  expect(said.warnings).toEqual([expect.stringContaining('opened it again')]);
  expect(await originOf(services, live.name)).toBe('restored');
  expect(await originOf(services, previous)).toBe('live');
});

async function giveTo(owner: string, ...databases: readonly string[]): Promise<void> {
  for (const name of databases) {
    const [database, role] = [name, owner].map(escapeIdentifier) as [string, string];
    await queryServer(services, `alter database ${database} owner to ${role}`);
  }
}

/** Waits until nobody can connect to a database any more. */
async function closed(database: string): Promise<void> {
  await expect.poll(async () => (await traits(database))['open']).toBe(false);
}

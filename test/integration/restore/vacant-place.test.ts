import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import { quoteIdentifier } from '../../../src/postgres/identifier.ts';
import type { PostgresCutoverParameters } from '../../../src/language/generated/postgres-cutover.types.ts';
import type { Restored } from '../../../src/task/contract.ts';
import postgresCutover from '../../../tasks/postgres-cutover.ts';
import { dropDatabase, type TestDatabase } from '../../services/database.ts';
import { whoMayDoWhat } from '../dump/stock-tools.ts';
import { attempt, environmentFor, scratchName } from '../task/attempt.ts';
import {
  askServer,
  commentOf,
  databaseNamed,
  dumpInto,
  exists,
  folderStore,
  newDatabase,
  newName,
  restore,
  type Store,
} from './restored.ts';

const services = inject('services');

/** A restored database whose source is gone, and what people might do in that. */
interface Gone {
  readonly source: TestDatabase;
  readonly store: Store;
  readonly next: string;
  readonly restored: Restored | undefined;
  readonly before: string;
  readonly role: string;
}

async function lost(privileges: 'none' | 'restore' = 'none'): Promise<Gone> {
  const role = `owner_${randomBytes(5).toString('hex')}`;
  onTestFinished(async () => {
    await askServer(`drop role if exists ${role}`);
  });
  await askServer(`create role ${role}`);
  const source = await newDatabase(`
    create table orders (x int); alter table orders owner to ${role};
    create function f() returns int language sql security definer as 'select 1';
    revoke all on function f() from public;
    grant select on orders to public`);
  const name = quoteIdentifier(source.name);
  await askServer(`comment on database ${name} is 'the live one'`);
  await askServer(`alter database ${name} set work_mem to '7MB'`);
  await askServer(`revoke connect on database ${name} from public`);
  await askServer(`alter database ${name} owner to ${role}`);
  const store = await folderStore();
  await dumpInto(store, source);
  const before = await whoMayDoWhat(services, source.name);
  const next = privileges === 'none' ? scratchName() : newName();
  onTestFinished(() => dropDatabase(services, databaseNamed(next)));
  const { restored } = await restore(
    { database: next, privileges },
    { store, of: source, ...(privileges === 'none' && { scratch: next }) },
  );
  await dropDatabase(services, source);
  return { source, store, next, restored, before, role };
}

function cutOver(
  { source, store, restored }: Gone,
  parameters: PostgresCutoverParameters = {},
): ReturnType<typeof attempt> {
  if (restored === undefined) throw new Error('nothing was restored');
  const configured = environmentFor(services, source.name, store.settings);
  return attempt(
    postgresCutover,
    { 'live-gone': true, ...parameters },
    {
      environment: { ...configured, postgres: restored.postgres },
      others: [{ environment: configured, repository: store.repository }],
      repository: store.repository,
      password: services.postgres.password,
      restored,
    },
  );
}

test('where the live database is gone, the restored one gets owners, privileges, settings and comment of the artifact, and its name', async () => {
  const gone = await lost();
  await expect(cutOver(gone, { 'live-gone': false })).rejects.toMatchObject({
    code: 'postgres-database-missing',
  });
  await expect(cutOver(gone, { privileges: 'check' })).rejects.toMatchObject({
    code: 'target-refused',
    message: expect.stringContaining('owner of table public.orders') as string,
  });
  expect(await exists(gone.source.name)).toBe(false);
  const { result } = await cutOver(gone);
  expect(result.outputs).toEqual({ database: gone.source.name });
  expect(result.restored?.postgres.database).toBe(gone.source.name);
  expect(await commentOf(gone.source.name)).toBe('the live one');
  expect(await whoMayDoWhat(services, gone.source.name)).toBe(gone.before);
  expect(await exists(gone.next)).toBe(false);
});

test('what was restored with its privileges passes the check', async () => {
  const gone = await lost('restore');
  await cutOver(gone, { privileges: 'check' });
  expect(await whoMayDoWhat(services, gone.source.name)).toContain(`OWNER TO ${gone.role}`);
});

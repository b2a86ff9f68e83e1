import { randomBytes } from 'node:crypto';
import { expect, inject, onTestFinished, test } from 'vitest';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import {
  askServer,
  databaseNamed,
  dumpInto,
  folderStore,
  newDatabase,
  newName,
  restore,
} from './restored.ts';

const services = inject('services');
const name = (): string => `Fast "disk" ${randomBytes(4).toString('hex')}`;
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** A tablespace inside the server's own folder, which needs no folder of this host. */
async function newTablespace(tablespace: string): Promise<void> {
  await askServer(`alter system set allow_in_place_tablespaces = on`);
  await askServer('select pg_reload_conf()');
  await expect
    .poll(() => askServer("select current_setting('allow_in_place_tablespaces') as state"))
    .toEqual([{ state: 'on' }]);
  await askServer(`create tablespace ${quoted(tablespace)} location ''`);
}

const whereThingsLie = `select c.relname as name, t.spcname as lies from pg_class c
  left join pg_tablespace t on t.oid = c.reltablespace
  where c.relnamespace = 'public'::regnamespace order by 1`;

test.for(['custom', 'directory'] as const)(
  'what lay in a tablespace that the target lacks lies elsewhere, with a warning: %s',
  async (format) => {
    const [kept, gone] = [name(), name()];
    for (const each of [kept, gone]) await newTablespace(each);
    onTestFinished(async () => {
      await askServer(`drop tablespace if exists ${quoted(kept)}`);
    });
    const source = await newDatabase(`
      create table a (x int) tablespace ${quoted(kept)}; create table b (x int) tablespace ${quoted(gone)};
      insert into b values (1); create index c on a (x) tablespace ${quoted(gone)};
      create table p (x int primary key using index tablespace ${quoted(gone)}) partition by range (x);
      create materialized view m tablespace ${quoted(gone)} as select * from b`);
    const store = await folderStore();
    await dumpInto(store, source, { format });
    const at = { store, of: source };
    const whole = newName();
    expect((await restore({ database: whole }, at)).said.warnings).toEqual([]);
    const lie = await databaseNamed(source.name).query(whereThingsLie);
    expect(await databaseNamed(whole).query(whereThingsLie)).toEqual(lie);
    for (const each of [source.name, whole]) await askServer(`drop database "${each}"`);
    await askServer(`drop tablespace ${quoted(gone)}`);

    for (const parameters of [{}, { 'single-transaction': true }]) {
      const target = newName();
      const { facts, said } = await restore({ database: target, ...parameters }, at);
      expect(facts.incomplete).toBeUndefined();
      expect(said.warnings).toEqual([expect.stringContaining(`has no tablespace ${gone}: everything`)]);
      const rows = await databaseNamed(target).query<{ lies: string | null }>(whereThingsLie);
      expect(rows.map(({ lies }) => lies)).toEqual(lie.map(() => null));
      await askServer(`drop database "${target}"`);
    }
    const { said } = await attempt(
      postgresRestore,
      { from: 'test', scratch: await temporaryFolder('scratch') },
      {
        environment: { name: 'scratch', protected: false, ephemeral: true },
        others: [
          {
            environment: environmentFor(services, source.name, store.settings),
            repository: store.repository,
          },
        ],
        repository: store.repository,
        password: services.postgres.password,
      },
    );
    expect(said.warnings).toEqual([expect.stringContaining('a throw-away cluster has no tablespace')]);
  },
);

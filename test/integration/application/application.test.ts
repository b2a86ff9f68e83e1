import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { scriptVariables } from '../../../src/cli/script-variables.ts';
import type { PostgresEndpoint } from '../../../src/environment/environment.ts';
import { parseTestReport, type TestReport } from '../../../src/junit/test-report.ts';
import { startCluster } from '../../../src/postgres/cluster.ts';
import { chooseServerInstallation } from '../../../src/postgres/server-installation.ts';
import {
  applicationTables,
  fillProduction,
  installApplication,
  newestRevision,
  productionRevision,
  type Application,
} from '../../fixtures/application.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { onSecondPostgres, startSecondPostgres } from '../../services/second-postgres.ts';
import type { PostgresService } from '../../services/services.ts';
import { libpqVariables, plainDump } from '../dump/stock-tools.ts';
import { fixedSecrets } from '../task/attempt.ts';

const services = inject('services');
const bookings = 200;
let folder: string;
let application: Application;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-application-'));
  application = await installApplication(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function newDatabase(name?: string, on = services): Promise<TestDatabase> {
  const database = await createDatabase(on, name);
  onTestFinished(() => dropDatabase(on, database));
  return database;
}

/** What a step of a plan gets: DATABASE_URL without a password, which stands in PGPASSFILE. */
async function variablesFor(
  database: string,
  server: PostgresService = services.postgres,
): Promise<Readonly<Record<string, string>>> {
  const { host, port, user, password } = server;
  const postgres: PostgresEndpoint = {
    host,
    port,
    user,
    database,
    password: { kind: 'env', name: 'X', position: 'test:1:1' },
    sslmode: 'prefer',
  };
  return scriptVariables(
    { name: 'staging', protected: false, postgres },
    { secrets: fixedSecrets(password), folder, applicationName: 'test', mayWrite: false },
  );
}

async function production(on = services): Promise<TestDatabase> {
  const database = await newDatabase(undefined, on);
  await fillProduction(application, await variablesFor(database.name, on.postgres), bookings);
  return database;
}

async function rowsOf(database: TestDatabase): Promise<Readonly<Record<string, number>>> {
  const counts = applicationTables.map((table) => `(select count(*)::int from ${table}) as ${table}`);
  const [row] = await database.query<Record<string, number>>(`select ${counts.join(', ')}`);
  return row ?? {};
}

async function smoke(variables: Readonly<Record<string, string>>): Promise<TestReport> {
  const report = join(folder, 'report.xml');
  await application.run(['pytest', '-q', `--junitxml=${report}`], variables).catch(() => undefined);
  return parseTestReport(await readFile(report, 'utf8'), report);
}

test('the models are what the migrations make, in a chain that ends after production', async () => {
  const database = await newDatabase();
  const variables = await variablesFor(database.name);
  expect(await application.run(['alembic', 'heads'], variables)).toBe(`${newestRevision} (head)\n`);
  await application.run(['alembic', 'upgrade', productionRevision], variables);
  expect(await application.run(['alembic', 'current'], variables)).toBe(`${productionRevision}\n`);
  await application.run(['alembic', 'upgrade', 'head'], variables);
  const differences = [
    'from alembic.autogenerate import compare_metadata',
    'from alembic.migration import MigrationContext',
    'from database import create_database_engine',
    'from models import Base',
    'with create_database_engine().connect() as connection:',
    '    print(compare_metadata(MigrationContext.configure(connection), Base.metadata))',
  ];
  expect(await application.run(['python3', '-c', differences.join('\n')], variables)).toBe('[]\n');
  await application.run(['alembic', 'downgrade', 'base'], variables);
  expect(
    await database.query("select from pg_class where relnamespace = 'public'::regnamespace"),
  ).toHaveLength(2);
});

test('the same size gives the same rows, wherever it is made', async () => {
  const [first, second] = [await production(), await newDatabase()];
  const elsewhere = { ...(await variablesFor(second.name)), PGTZ: 'America/New_York', TZ: 'Asia/Tokyo' };
  await fillProduction(application, elsewhere, bookings);
  expect(await rowsOf(first)).toEqual({
    bookings,
    customers: 50,
    invoices: 80,
    order_photos: 80,
    webhooks: 120,
  });
  expect((await plainDump(services, first.name)) === (await plainDump(services, second.name))).toBe(true);
});

describe('the smoke tests', () => {
  test('pass at the newest revision and leave the rows as they were', async () => {
    const database = await production();
    const variables = await variablesFor(database.name);
    const before = await rowsOf(database);
    await application.run(['alembic', 'upgrade', 'head'], variables);
    expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 0, errors: 0, skipped: 0 });
    expect(await rowsOf(database)).toEqual(before);
    expect(
      await database.query('select from invoices where due_on = (issued_at + interval $$14 days$$)::date'),
    ).toHaveLength(80);
  });

  test('fail at the revision of production, and without rows', async () => {
    const database = await production();
    const variables = await variablesFor(database.name);
    expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 1 });
    await application.run(['alembic', 'upgrade', 'head'], variables);
    await database.query('truncate invoices, webhooks');
    expect((await smoke(variables)).failed.map(({ name }) => name)).toEqual([
      'smoke.test_bookings.test_view_an_invoice',
      'smoke.test_bookings.test_resend_a_webhook',
    ]);
  });
});

describe('every form of DATABASE_URL is taken', () => {
  const oddNames = ['clean & tidy', '100% "clean"', `o'dd\\ name`, 'a/b?c=d#e+f:g@h', 'büro_漢'];

  test.each(oddNames)('over TCP, of the database %j', async (name) => {
    const database = await newDatabase(`${name} ${Math.random().toString(16).slice(2, 8)}`);
    const variables = await variablesFor(database.name);
    await fillProduction(application, variables, 40);
    await application.run(['alembic', 'upgrade', 'head'], variables);
    expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 0, errors: 0 });
    expect(await rowsOf(database)).toMatchObject({ bookings: 40 });
  });

  test('through a socket in a folder whose name has a space', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'run plan '));
    onTestFinished(() => rm(parent, { recursive: true, force: true }));
    await promisify(execFile)('chmod', ['755', parent]);
    const cluster = await startCluster({ parentFolder: parent });
    onTestFinished(() => cluster.stop());
    const variables = await variablesFor('clean & 100%', {
      ...cluster,
      way: 'native',
      host: cluster.socketFolder,
    });
    await promisify(execFile)('createdb', ['clean & 100%'], { env: { ...process.env, ...variables } });
    await fillProduction(application, variables, 40);
    await application.run(['alembic', 'upgrade', 'head'], variables);
    expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 0, errors: 0 });
  });
});

test('production, dumped and restored on the second server by stock tools, is upgraded and used there', async () => {
  const { service, ...running } = await startSecondPostgres(services);
  onTestFinished(() => running.stop());
  const second = onSecondPostgres(services, service);
  const original = await production();
  const restored = await createDatabase(second);
  const identifier = 'select system_identifier::text from pg_control_system()';
  expect(await restored.query(identifier)).not.toEqual(await original.query(identifier));

  const { binFolder } = await chooseServerInstallation(services.postgres.major);
  const dump = join(folder, 'production.dump');
  await promisify(execFile)(join(binFolder, 'pg_dump'), ['-Fc', '-f', dump, original.name], {
    env: { ...process.env, ...libpqVariables(services) },
  });
  await promisify(execFile)(join(binFolder, 'pg_restore'), ['-j2', '-d', restored.name, dump], {
    env: { ...process.env, ...libpqVariables(second) },
  });
  const variables = await variablesFor(restored.name, service);
  await application.run(['alembic', 'upgrade', 'head'], variables);
  expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 0, errors: 0 });
  expect(await rowsOf(restored)).toEqual(await rowsOf(original));
});

import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { scriptVariables } from '../../../src/postgres/script-variables.ts';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { parseTestReport, type TestReport } from '../../../src/check/junit/test-report.ts';
import { startCluster } from '../../../src/postgres/cluster.ts';
import type { Variables } from '../../../src/postgres/program.ts';
import { chooseServerInstallation } from '../../../src/postgres/server-installation.ts';
import {
  applicationTables,
  fillProduction,
  installApplication,
  newestRevision,
  productionRevision,
  type Application,
} from '../../fixtures/application.ts';
import { copyDatabase, createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { onSecondPostgres, startSecondPostgres } from '../../services/second-postgres.ts';
import type { PostgresService } from '../../services/services.ts';
import { libpqVariables, plainDump } from '../dump/stock-tools.ts';
import { fixedSecrets } from '../task/attempt.ts';

const services = inject('services');
const bookings = 200;
let folder: string;
let application: Application;
/** Production, and the same at the newest revision: each test has a copy. */
let filled: TestDatabase;
let upgraded: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-application-'));
  application = await installApplication(folder);
  filled = await createDatabase(services);
  await fillProduction(application, await variablesFor(filled.name), bookings);
  upgraded = await copyDatabase(services, filled);
  await application.run(['alembic', 'upgrade', 'head'], await variablesFor(upgraded.name));
});
afterAll(async () => {
  await dropDatabase(services, filled);
  await dropDatabase(services, upgraded);
  await rm(folder, { recursive: true, force: true });
});

async function newDatabase(): Promise<TestDatabase> {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  return database;
}

async function copyOf(original: TestDatabase, name?: string): Promise<TestDatabase> {
  const database = await copyDatabase(services, original, name);
  onTestFinished(() => dropDatabase(services, database));
  return database;
}

/** What a step of a plan gets: DATABASE_URL without a password, which stands in PGPASSFILE. */
async function variablesFor(
  database: string,
  server: PostgresService = services.postgres,
): Promise<Variables> {
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
    {
      secrets: fixedSecrets(password),
      folder: await mkdtemp(join(folder, 'variables-')),
      applicationName: 'test',
      mayWrite: false,
    },
  );
}

async function rowsOf(database: TestDatabase): Promise<Readonly<Record<string, number>>> {
  const counts = applicationTables.map((table) => `(select count(*)::int from ${table}) as ${table}`);
  const [row] = await database.query<Record<string, number>>(`select ${counts.join(', ')}`);
  return row ?? {};
}

async function smoke(variables: Variables): Promise<TestReport> {
  const report = join(folder, 'report.xml');
  await application.run(['pytest', '-q', `--junitxml=${report}`], variables).catch(() => undefined);
  return parseTestReport(await readFile(report, 'utf8'), report);
}

/**
 * Programs of the application, one after the other in one Python, each with its own variables: what it costs to load
 * SQLAlchemy and pytest is paid once. Gives what they printed.
 */
function runInOnePython(
  work: readonly {
    readonly program: 'alembic' | 'pytest';
    readonly words: readonly string[];
    readonly variables: Variables;
  }[],
): Promise<string> {
  const script = [
    'import json, os, sys',
    'from alembic.config import main as alembic',
    'from pytest import main as pytest',
    'for one in json.loads(sys.argv[1]):',
    '    os.environ.update(one["variables"])',
    '    {"alembic": alembic, "pytest": pytest}[one["program"]](one["words"])',
  ];
  return application.run(['python3', '-c', script.join('\n'), JSON.stringify(work)], {});
}

test('the models are what the migrations make, in a chain that ends after production', async () => {
  const database = await newDatabase();
  const variables = await variablesFor(database.name);
  const alembic = (...words: readonly string[]) => ({ program: 'alembic' as const, words, variables });
  expect(
    await runInOnePython([
      alembic('heads'),
      alembic('upgrade', productionRevision),
      alembic('current'),
      alembic('upgrade', 'head'),
    ]),
  ).toBe(`${newestRevision} (head)\n${productionRevision}\n`);
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
  const second = await newDatabase();
  const elsewhere = { ...(await variablesFor(second.name)), PGTZ: 'America/New_York', TZ: 'Asia/Tokyo' };
  await fillProduction(application, elsewhere, bookings);
  expect(await rowsOf(filled)).toEqual({
    bookings,
    customers: 50,
    invoices: 80,
    order_photos: 80,
    webhooks: 120,
  });
  expect((await plainDump(services, filled.name)) === (await plainDump(services, second.name))).toBe(true);
});

describe('the smoke tests', () => {
  test('pass at the newest revision and leave the rows as they were', async () => {
    const database = await copyOf(upgraded);
    const before = await rowsOf(filled);
    expect(await rowsOf(database)).toEqual(before);
    expect(await smoke(await variablesFor(database.name))).toMatchObject({
      tests: 3,
      failures: 0,
      errors: 0,
      skipped: 0,
    });
    expect(await rowsOf(database)).toEqual(before);
    expect(
      await database.query('select from invoices where due_on = (issued_at + interval $$14 days$$)::date'),
    ).toHaveLength(80);
  });

  test('fail at the revision of production, and without rows', async () => {
    const old = await copyOf(filled);
    expect(await smoke(await variablesFor(old.name))).toMatchObject({ tests: 3, failures: 1 });
    const database = await copyOf(upgraded);
    await database.query('truncate invoices, webhooks');
    expect((await smoke(await variablesFor(database.name))).failed.map(({ name }) => name)).toEqual([
      'smoke.test_bookings.test_view_an_invoice',
      'smoke.test_bookings.test_resend_a_webhook',
    ]);
  });
});

test('every form of DATABASE_URL is taken: odd names over TCP, and a socket in a folder whose name has a space', async () => {
  const oddNames = ['clean & tidy', '100% "clean"', `o'dd\\ name`, 'a/b?c=d#e+f:g@h', 'büro_漢'];
  const copies = await Promise.all(
    oddNames.map((name) => copyOf(filled, `${name} ${Math.random().toString(16).slice(2, 8)}`)),
  );
  const parent = await mkdtemp(join(tmpdir(), 'run plan '));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  await chmod(parent, 0o755);
  const cluster = await startCluster({ parentFolder: parent });
  onTestFinished(() => cluster.stop());
  const bySocket = await variablesFor('clean & 100%', {
    ...cluster,
    way: 'native',
    host: cluster.socketFolder,
  });
  await promisify(execFile)('createdb', ['clean & 100%'], { env: { ...process.env, ...bySocket } });
  await fillProduction(application, bySocket, 40);

  const byName = await Promise.all(copies.map(({ name }) => variablesFor(name)));
  const places = [...byName, bySocket];
  const report = (index: number): string => join(folder, `report-${String(index)}.xml`);
  await runInOnePython(
    places.flatMap((variables, index) => [
      { program: 'alembic' as const, words: ['upgrade', 'head'], variables },
      { program: 'pytest' as const, words: ['-q', `--junitxml=${report(index)}`], variables },
    ]),
  );
  for (const index of places.keys()) {
    const tested = await parseTestReport(await readFile(report(index), 'utf8'), report(index));
    expect(tested, String(index)).toMatchObject({ tests: 3, failures: 0, errors: 0 });
  }
  for (const copy of copies) {
    expect(await copy.query('select version_num from alembic_version')).toEqual([
      { version_num: newestRevision },
    ]);
    expect(await rowsOf(copy)).toMatchObject({ bookings });
  }
});

test('production, dumped and restored on the second server by stock tools, is upgraded and used there', async () => {
  const { service, ...running } = await startSecondPostgres(services);
  onTestFinished(() => running.stop());
  const second = onSecondPostgres(services, service);
  const restored = await createDatabase(second);
  const identifier = 'select system_identifier::text from pg_control_system()';
  expect(await restored.query(identifier)).not.toEqual(await filled.query(identifier));

  const { binFolder } = await chooseServerInstallation(services.postgres.major);
  const dump = join(folder, 'production.dump');
  await promisify(execFile)(join(binFolder, 'pg_dump'), ['-Fc', '-f', dump, filled.name], {
    env: { ...process.env, ...libpqVariables(services) },
  });
  await promisify(execFile)(join(binFolder, 'pg_restore'), ['-j2', '-d', restored.name, dump], {
    env: { ...process.env, ...libpqVariables(second) },
  });
  const variables = await variablesFor(restored.name, service);
  await application.run(['alembic', 'upgrade', 'head'], variables);
  expect(await smoke(variables)).toMatchObject({ tests: 3, failures: 0, errors: 0 });
  expect(await rowsOf(restored)).toEqual(await rowsOf(filled));
});

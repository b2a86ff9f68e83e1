import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDatabase, dropDatabase } from '../services/database.ts';
import { createRestoreWorkspace, type RestoreWorkspace } from './restore-workspace.ts';
import type { Told } from './workspace.ts';

const services = inject('services');
let at: RestoreWorkspace;
let older: string;
let damaged: string;
let artifact: string;

beforeAll(async () => {
  at = await createRestoreWorkspace(services);
  older = await at.backUp();
  damaged = await at.backUp();
  artifact = await at.backUp();
  await at.damage(damaged);
});

afterAll(() => at.remove());

function restore(
  words: readonly string[],
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<Told> {
  return at.workspace.run(['restore', ...words], { ...at.variables, ...variables });
}

function countOrders(database: string): Promise<{ count: string }[]> {
  return at.onStaging('select count(*) from orders', database);
}

describe('--list', () => {
  test('shows what can be restored, newest first, and why one cannot', async () => {
    const told = await restore(['--list']);
    expect(told.code, told.text).toBe(0);
    const [head, ...lines] = told.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^ARTIFACT +FROM +AGE +DATA OF +SIZE +STATE$/);
    expect(lines.map((line) => line.split(/\s/)[0])).toEqual([artifact, damaged, older]);
    expect(lines[0]).toMatch(/verified$/);
    expect(lines[1]).toMatch(/damaged: .*dump\.zst has 10 bytes/);
  });

  test('as data', async () => {
    const told = await restore(['--list', '--from', 'prod', '--json']);
    const list = JSON.parse(told.stdout) as { name: string; restorable: boolean; state: string }[];
    expect(list.map(({ name, restorable }) => [name, restorable])).toEqual([
      [artifact, true],
      [damaged, false],
      [older, true],
    ]);
  });
});

describe('what is wrong with a command line is told before anything is read or written', () => {
  test.each<[string, readonly string[], number, RegExp]>([
    ['nothing said', [], 2, /without a terminal, restore also needs --from, --to and --yes/],
    ['no target', ['--from', 'prod', '--yes'], 2, /restore also needs --to\n/],
    ['no word', ['--from', 'prod', '--to', 'staging'], 2, /restore also needs --yes\n/],
    ['no name typed', ['--from', 'prod', '--to', 'prod'], 2, /restore also needs --yes prod\n/],
    ['a bare --yes', ['--from', 'prod', '--to', 'prod', '--yes'], 2, /say --yes prod/],
    ['another name', ['--from', 'prod', '--to', 'prod', '--yes', 'staging'], 2, /say --yes prod/],
    ['an unknown source', ['--from', 'prd', '--to', 'staging', '--yes'], 11, /'prd', did you mean 'prod'/],
    ['an unknown target', ['--from', 'prod', '--to', 'stagin', '--yes'], 11, /did you mean 'staging'/],
    [
      'no repository',
      ['--from', 'staging', '--to', 'staging', '--yes'],
      11,
      /'staging' has no repository[^]*prod, empty/,
    ],
    ['no artifact', ['--from', 'empty', '--to', 'staging', '--yes'], 20, /holds no artifact at all/],
    ['contradictions', ['--schema-only', '--data-only'], 2, /--schema-only and --data-only exclude/],
    [
      'replace what',
      ['--from', 'prod', '--to', 'staging', '--replace', '--yes'],
      2,
      /--replace needs --database/,
    ],
    [
      'a long name',
      ['--from', 'prod', '--to', 'staging', '--database', 'x'.repeat(64), '--yes'],
      2,
      /63 bytes/,
    ],
    ['words for jobs', ['--jobs', 'many'], 2, /whole number/],
    ['no such file', ['--artifact', './x.dump', '--to', 'staging', '--yes'], 20, /no file \.\/x\.dump/],
    [
      'nothing to resume',
      ['--from', 'prod', '--to', 'staging', '--resume', '--yes'],
      20,
      /nothing to resume/,
    ],
  ])('%s', async (_, words, code, message) => {
    const told = await restore(words);
    expect(told.code, told.text).toBe(code);
    expect(told.text).toMatch(message);
    expect(told.text).not.toMatch(/^ +at /m);
    expect(await at.restored()).toEqual([]);
  });

  test('a mistyped artifact is told the one that was meant, and a damaged one why not', async () => {
    const typo = artifact.replace('pg_test', 'pg_tset');
    const unknown = await restore(['--from', 'prod', '--artifact', typo, '--to', 'staging', '--yes']);
    expect(unknown.code, unknown.text).toBe(20);
    expect(unknown.text).toContain(`did you mean '${artifact}'`);
    const broken = await restore(['--from', 'prod', '--artifact', damaged, '--to', 'staging', '--yes']);
    expect(broken.code, broken.text).toBe(21);
    expect(broken.text).toMatch(/cannot be restored: .*has 10 bytes/);
  });

  test('a wrong password is told without it, and leaves a record where nobody watched', async () => {
    const runIds = async (): Promise<readonly unknown[]> =>
      (await at.workspace.journals('restore')).map(([started]) => started?.['runId']);
    const before = new Set(await runIds());
    const told = await restore(['--from', 'prod', '--to', 'staging', '--yes'], {
      STAGING_PASSWORD: 'wr0ng-one',
    });
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/password authentication failed/);
    expect(told.text).not.toContain('wr0ng-one');
    const journals = await at.workspace.journals('restore');
    // Runs of one second sort by chance.
    const added = journals.filter(([started]) => !before.has(started?.['runId']));
    expect(added).toHaveLength(1);
    expect(added[0]?.at(-1)).toMatchObject({ type: 'run-finished', exitCode: 20 });
  });
});

test('--dry-run shows the pipeline and the target, and writes nothing', async () => {
  const before = (await at.workspace.journals('restore')).length;
  const told = await restore(['--from', 'prod', '--to', 'staging', '--dry-run']);
  expect(told.code, told.text).toBe(0);
  expect(told.stdout).toMatch(/1\. postgres-restore on staging[^]*2\. restore-compare on staging/);
  expect(told.stdout).toMatch(new RegExp(`artifact +${artifact} of prod`));
  expect(told.stdout).toMatch(/database +\S+_restored_\d{8}T\d{6}, a new one/);
  const json = await restore(['--from', 'prod', '--to', 'staging', '--dry-run', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ artifact, to: 'staging', exists: false, refusal: null });
  const live = await restore(['--from', 'prod', '--to', 'prod', '--database', at.source.name, '--dry-run']);
  expect(live.code, live.text).toBe(20);
  expect(live.text).toMatch(/the database that prod works with/);
  expect(live.text).toMatch(/holds tables[^]*--replace/);
  expect(await at.restored()).toEqual([]);
  expect(await at.workspace.journals('restore')).toHaveLength(before);
});

test('restores into a new database, compares it, and says where it is and how to drop it', async () => {
  await at.workspace.write('plans/broken.yaml', 'steps: 3\n');
  const told = await restore(['--from', 'prod', '--to', 'staging', '--yes']);
  expect(told.code, told.text).toBe(0);
  const [database = ''] = await at.restored();
  expect(database).toMatch(new RegExp(`^${at.source.name}_restored_\\d{8}T\\d{6}$`));
  expect(await countOrders(database)).toEqual([{ count: '900' }]);
  expect(told.stdout).toMatch(new RegExp(`restored +${artifact} of prod, as of `));
  expect(told.stdout).toContain(
    `psql 'host=127.0.0.1 port=${at.cluster.port} user=postgres dbname=${database}'`,
  );
  expect(told.stdout).toContain(`--command='drop database "${database}"'`);
  expect(told.text).not.toContain(at.cluster.password);
  const [record] = await at.workspace.records('restore');
  expect(record).toMatchObject({ plan: 'restore', environment: 'staging', outcome: 'succeeded' });
  expect(record?.parameters).toEqual({ from: 'prod', artifact, to: 'staging', database });
  expect(record?.steps.map(({ id, outcome }) => [id, outcome])).toEqual([
    ['postgres-restore', 'succeeded'],
    ['restore-compare', 'succeeded'],
  ]);
  const history = await at.workspace.run(['history', 'restore'], at.variables);
  expect(history.stdout).toContain(record?.runId ?? 'a record');
  await at.onStaging(`drop database "${database}"`);
});

test("the source's own protected server is restored into under another name when it is named twice", async () => {
  const unnamed = await restore(['--from', 'prod', '--same-server', '--yes']);
  expect(unnamed.code, unnamed.text).toBe(2);
  const copy = `${at.source.name}_copy`;
  const told = await restore(['--from', 'prod', '--to', 'prod', '--database', copy, '--yes', 'prod']);
  try {
    expect(told.code, told.text).toBe(0);
    expect(told.stdout).toMatch(/the very server that the artifact was dumped from/);
    expect(await at.source.query('select count(*) from orders')).toEqual([{ count: '900' }]);
  } finally {
    const stray = { ...at.source, name: copy };
    await dropDatabase(services, stray);
  }
});

test('another environment on the same server is refused unless it is said', async () => {
  const neighbour = await createDatabase(services);
  const file = 'plans/environments.yaml';
  const { readFile } = await import('node:fs/promises');
  const before = await readFile(`${at.workspace.folder}/${file}`, 'utf8');
  const { host, port, user } = services.postgres;
  await at.workspace.write(
    file,
    `${before}  beside:\n    postgres: { host: ${host}, port: ${port}, database: ${neighbour.name}, user: ${user}, password: { env: TEST_PGPASSWORD }, sslmode: disable }\n`,
  );
  try {
    const words = ['--from', 'prod', '--to', 'beside', '--database', neighbour.name, '--yes'];
    const refused = await restore(words);
    expect(refused.code, refused.text).toBe(20);
    expect(refused.text).toMatch(/is the server that .* was dumped from[^]*--same-server/);
    expect(await neighbour.query("select from pg_class where relname = 'orders'")).toEqual([]);
    const allowed = await restore([...words, '--same-server']);
    expect(allowed.code, allowed.text).toBe(0);
  } finally {
    await at.workspace.write(file, before);
    await dropDatabase(services, neighbour);
  }
});

test('tables that are there are replaced only when that is said, and what is lost is named', async () => {
  const words = ['--from', 'prod', '--artifact', older, '--to', 'staging', '--database', 'there', '--yes'];
  await at.onStaging('create database there');
  await at.onStaging('create table orders (id int); insert into orders values (1)', 'there');
  const refused = await restore(words);
  expect(refused.code, refused.text).toBe(20);
  expect(refused.text).toMatch(/holds tables \(public\.orders\)[^]*--replace/);
  expect(await countOrders('there')).toEqual([{ count: '1' }]);
  const told = await restore([...words, '--replace']);
  expect(told.code, told.text).toBe(0);
  expect(told.stdout).toMatch(
    /LOST +the database is dropped with all that is in it[^]*there now: public\.orders/,
  );
  expect(told.stdout).not.toContain('drop database');
  expect(await countOrders('there')).toEqual([{ count: '900' }]);
  await at.onStaging('drop database there');
});

test('nobody may do more in it than at the source; owners and grants come when they are wished for', async () => {
  const words = ['--from', 'prod', '--to', 'staging', '--database', 'guarded', '--yes'];
  const mayBeRun = async (): Promise<unknown> =>
    (
      await at.onStaging(
        `select has_function_privilege('public', 'admin(text)', 'execute') as may`,
        'guarded',
      )
    )[0];
  const plain = await restore(words);
  expect(plain.code, plain.text).toBe(0);
  expect(plain.text).toMatch(
    /closed, because the source had not allowed it: EXECUTE on function public\.admin/,
  );
  expect(await mayBeRun()).toEqual({ may: false });
  await at.onStaging('drop database guarded');
  const whole = await restore([...words, '--privileges', 'restore']);
  expect(whole.code, whole.text).toBe(0);
  expect(await mayBeRun()).toEqual({ may: false });
  await at.onStaging('drop database guarded');
  const mistyped = await restore([...words, '--privileges', 'all']);
  expect(mistyped.code, mistyped.text).toBe(2);
  expect(mistyped.text).toMatch(/restore, none, report/);
});

test('a part, and a throw-away cluster', async () => {
  const words = [
    '--from',
    'prod',
    '--to',
    'staging',
    '--database',
    'part',
    '--only-table',
    'orders',
    '--yes',
  ];
  const part = await restore(words);
  expect(part.code, part.text).toBe(0);
  expect(part.stdout).toMatch(/only +tables orders/);
  expect(await countOrders('part')).toEqual([{ count: '900' }]);
  await at.onStaging('drop database part');
  const scratch = await restore(['--from', 'prod', '--to', 'scratch', '--yes', 'scratch', '--json']);
  expect(scratch.code, scratch.text).toBe(0);
  expect(scratch.stderr).toMatch(/into a throw-away cluster that is gone now/);
  const events = scratch.stdout.trimEnd().split('\n');
  expect(events.map((line) => (JSON.parse(line) as { type: string }).type).at(-1)).toBe('run-finished');
});

test('a restore that failed says what is left and how to go on, and the printed command does', async () => {
  await at.onStaging('create role restore_blocker');
  const failed = await restore(['--from', 'prod', '--artifact', older, '--to', 'staging', '--yes']);
  await at.onStaging('drop role restore_blocker');
  expect(failed.code, failed.text).toBe(20);
  const [database = ''] = await at.restored();
  expect(failed.stdout).toMatch(new RegExp(`left +${database}, unfinished: rows may be missing`));
  const command = /go on +run-plan (.+)/.exec(failed.stdout)?.[1] ?? '';
  expect(command).toContain(`--artifact ${older}`);
  expect(command).toContain(`--database ${database}`);

  const refused = await restore(['--from', 'prod', '--to', 'staging', '--database', database, '--yes']);
  expect(refused.text).toMatch(/unfinished restore of[^]*--resume/);

  const resumed = await at.workspace.run(command.split(' '), at.variables);
  expect(resumed.code, resumed.text).toBe(0);
  expect(await countOrders(database)).toEqual([{ count: '900' }]);
  expect(await at.restored()).toEqual([database]);
  await at.onStaging(`drop database "${database}"`);
});

test('--resume alone finds the unfinished database and the artifact that it was made from', async () => {
  await at.onStaging('create role restore_blocker');
  await restore(['--from', 'prod', '--artifact', older, '--to', 'staging', '--yes']);
  await at.onStaging('drop role restore_blocker');
  const [database = ''] = await at.restored();
  const resumed = await restore(['--from', 'prod', '--to', 'staging', '--resume', '--yes']);
  expect(resumed.code, resumed.text).toBe(0);
  expect(resumed.stdout).toContain(`restored    ${older} of prod`);
  expect(await countOrders(database)).toEqual([{ count: '900' }]);
  await at.onStaging(`drop database "${database}"`);
});

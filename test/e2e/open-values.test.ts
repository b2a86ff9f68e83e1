import { createServer, type AddressInfo, type Server } from 'node:net';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createWorkspace, type Told, type Workspace } from './workspace.ts';

let workspace: Workspace;
let witness: Server;
let heard: string;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write('plans/nightly.yaml', plan);
  heard = '';
  // Stands for the store and the server: refuses everything, and keeps what it was asked.
  witness = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
    });
  });
  witness.listen(0, '127.0.0.1');
  await once(witness, 'listening');
});

afterEach(async () => {
  witness.close();
  await workspace.remove();
});

const plan = `environment: prod
schedule: [{ calendar: daily }]
objectives: { rpo: 24h }
timeout: 1h
retention: { keep-last: 3 }
steps: [{ task: postgres-dump }, { task: artifact-verify }, { task: artifact-prune }]
`;

const values = {
  host: '127.0.0.1',
  database: 'shop',
  bucket: 'shop-backups',
  prefix: 'prod',
};

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A file in which one value comes from a variable that nobody sets. */
function environmentsWith(open: keyof typeof values): string {
  const valueOf = (key: keyof typeof values): string => (key === open ? '{ env: NEVER_SET }' : values[key]);
  return `environments:
  prod:
    postgres:
      { port: ${String(portOf(witness))}, user: backup, sslmode: disable,
        host: ${valueOf('host')},
        database: ${valueOf('database')} }
    repository:
      s3:
        bucket: ${valueOf('bucket')}
        prefix: ${valueOf('prefix')}
        region: eu-central-1
        endpoint: http://127.0.0.1:${String(portOf(witness))}
        force-path-style: true
        access-key-id: { env: KEY_ID }
        secret-access-key: { env: KEY }
buckets: { shop-backups: { versioning: true } }
`;
}

const places = [
  ['host', '5:15'],
  ['database', '6:19'],
  ['bucket', '9:17'],
  ['prefix', '10:17'],
] as const;

const run = (words: string): Promise<Told> =>
  workspace.run(words.split(' '), {
    KEY_ID: 'id',
    KEY: 'key',
    NEVER_SET: undefined,
  });

describe.each(places)('with the %s from a variable that is not set', (place, at) => {
  beforeEach(() => workspace.write('plans/environments.yaml', environmentsWith(place)));

  test.each(['list', 'validate', 'timers', 'history', 'export cron'])(
    '%s, which needs no value of it, works and tells none',
    async (words) => {
      const told = await run(words);
      expect(told).toMatchObject({ code: 0 });
      expect(told.text).not.toContain('$NEVER_SET');
      expect(heard).toBe('');
    },
  );

  const refused = ['status', 'diff', 'artifacts', 'restore --list --from prod', 'doctor', 'show nightly'];
  const ofTheBucket = place === 'bucket' || place === 'prefix' ? ['apply --yes prod'] : [];
  test.each([...refused, ...ofTheBucket, 'history nightly --repository', 'nightly --dry-run', 'nightly'])(
    '%s names the variable and its place, and asks for nothing by its name',
    async (words) => {
      const told = await run(words);
      const text = told.text.replaceAll(/\s+/g, ' ');
      expect(told).toMatchObject({ code: 11 });
      expect(text).toContain('variable NEVER_SET is not set');
      expect(text).toContain(`environments.yaml:${at}`);
      expect(`${text}${heard}`).not.toMatch(/(?:\$|%24)NEVER_SET/);
    },
  );
});

test('a bucket is not looked for elsewhere while the environment that may keep it is not known', async () => {
  await workspace.write('plans/environments.yaml', environmentsWith('bucket'));
  const told = await run('diff');
  expect(told.text).toContain('bucket shop-backups: cannot be compared: the variable NEVER_SET is not set');
  expect(heard).toBe('');
});

test("a plan whose environment's name comes from a variable that is not set names it", async () => {
  await workspace.write('plans/environments.yaml', environmentsWith('prefix'));
  await workspace.write('plans/nightly.yaml', plan.replace('prod', '{ env: NEVER_SET }'));
  for (const words of ['history --repository', 'status', 'diff', 'alerts list', 'nightly']) {
    const told = await run(words);
    expect(told.text, words).toMatch(/nightly\.yaml:1:14\s+the\s+variable\s+NEVER_SET\s+is\s+not\s+set/);
    expect(told.code, words).toBe(11);
  }
});

test('list tells of a time that nobody knows here that nobody knows it', async () => {
  await workspace.write('plans/environments.yaml', environmentsWith('prefix'));
  await workspace.write('plans/nightly.yaml', plan.replace('daily', '{ env: NEVER_SET }'));
  expect((await run('list')).stdout).toContain('NEVER_SET is not set');
  expect(JSON.parse((await run('list --json')).stdout)).toMatchObject([
    { nextRunAt: null, nextRunNeeds: 'NEVER_SET' },
  ]);
});

test('a unit gets no folder that is not known, and no timer is lost to a variable that is not set', async () => {
  const folder = `environments: { prod: { postgres: { host: h, database: d, user: u }, repository: { folder: { env: NEVER_SET } } } }\n`;
  const root = join(workspace.folder, 'root');
  const timer = join(root, 'etc/systemd/system/run-plan@nightly.timer');
  await workspace.write('plans/environments.yaml', folder);
  const unknown = await run(`apply --yes --root ${root}`);
  expect(unknown.text).toContain('plans/environments.yaml:1:92 the variable NEVER_SET is not set');
  await workspace.write('plans/environments.yaml', folder.replace('{ env: NEVER_SET }', workspace.folder));
  await run(`apply --yes --root ${root}`);
  const installed = await readFile(timer, 'utf8');
  expect(installed).toContain('OnCalendar=daily');
  await workspace.write('plans/nightly.yaml', plan.replace('daily', '{ env: NEVER_SET }'));
  const unplanned = await run(`apply --yes --root ${root}`);
  expect(unplanned.text).toContain('plans/nightly.yaml:2:24 the variable NEVER_SET is not set');
  expect(await readFile(timer, 'utf8')).toBe(installed);
  expect([unknown.code, unplanned.code]).toEqual([11, 11]);
});

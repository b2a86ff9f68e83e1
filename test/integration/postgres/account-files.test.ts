import { execFile } from 'node:child_process';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { startCluster, type Cluster } from '../../../src/postgres/cluster.ts';
import { connect, type Session } from '../../../src/postgres/connect.ts';
import { checkProgramServer, programEnvironment } from '../../../src/postgres/program.ts';
import { serverUser } from '../../../src/postgres/server-user.ts';
import { createCommands } from '../../../src/process/create-commands.ts';
import { createProcessGroups } from '../../../src/process/process-groups.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { fixedSecrets } from '../task/attempt.ts';

/** The server's files, and certificates that are given to accounts. */
let files: string;
let cluster: Cluster;
/** The account's home folder. */
let home: string;

beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'run-plan-tls-'));
  await chmod(files, 0o755);
  for (const name of ['server', 'stranger', 'account']) await makeCertificate(name);
  const user = await serverUser();
  if (user !== undefined) await chown(join(files, 'server.key'), user.uid, user.gid);
  cluster = await startCluster({
    tcp: true,
    settings: {
      ssl: 'on',
      ssl_cert_file: join(files, 'server.crt'),
      ssl_key_file: join(files, 'server.key'),
      ssl_ca_file: join(files, 'account.crt'),
    },
  });
});

afterAll(async () => {
  await cluster.stop();
  await rm(files, { recursive: true });
});

beforeEach(async () => {
  home = await temporaryFolder('home');
  vi.stubEnv('HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Signed by itself, for localhost. */
async function makeCertificate(name: string): Promise<void> {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=${name} -addext subjectAltName=DNS:localhost -keyout ${name}.key -out ${name}.crt`;
  await promisify(execFile)('openssl', words.split(' '), { cwd: files });
}

/** Puts a file where libpq looks for it by itself. */
async function give(file: string, as: string): Promise<void> {
  const folder = join(home, '.postgresql');
  await mkdir(folder, { recursive: true });
  await copyFile(join(files, file), join(folder, as));
  await chmod(join(folder, as), 0o600);
}

function endpointWith(change: Partial<PostgresEndpoint>): PostgresEndpoint {
  const password = { kind: 'env', name: 'X', position: 'test:1:1' } as const;
  const { port, user } = cluster;
  return { host: 'localhost', port, database: 'postgres', user, sslmode: 'require', password, ...change };
}

function open(endpoint: PostgresEndpoint): Promise<Session> {
  return connect(endpoint, { secrets: fixedSecrets(cluster.password), applicationName: 'test' });
}

const { commands } = createCommands({
  signal: () => new AbortController().signal,
  redact: (text) => text,
  groups: createProcessGroups(),
  inherited: process.env,
  cwd: '/',
  onLife: () => undefined,
  onOutput: () => undefined,
});

/** What psql prints, told to go where the session would. */
async function askByProgram(endpoint: PostgresEndpoint, question: string): Promise<string> {
  await using known = await open(endpointWith({ sslmode: 'disable' }));
  const secrets = fixedSecrets(cluster.password);
  const folder = await temporaryFolder('program');
  const session = { ...known, endpoint };
  const environment = {
    ...(await programEnvironment(session, { secrets, folder, applicationName: 'test' })),
    HOME: home,
  };
  await checkProgramServer(session, commands, cluster.psql, environment);
  return (await commands.run(cluster.psql, ['-XAtc', question], { environment })).stdout.trim();
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

test.each([
  { sslmode: 'require', root: undefined, expected: true },
  { sslmode: 'require', root: 'server.crt', expected: true },
  { sslmode: 'require', root: 'stranger.crt', expected: false },
  { sslmode: 'prefer', root: 'stranger.crt', expected: true },
  { sslmode: 'verify-full', root: 'server.crt', expected: true },
  { sslmode: 'verify-full', root: 'stranger.crt', expected: false },
  { sslmode: 'verify-full', root: undefined, expected: false },
] as const)(
  'with $sslmode and $root in the account’s home, session and program are of one mind: $expected',
  async ({ sslmode, root, expected }) => {
    if (root !== undefined) await give(root, 'root.crt');
    const endpoint = endpointWith({ sslmode });
    const opened = open(endpoint).then((session) => session.close());
    expect(await succeeds(opened)).toBe(expected);
    expect(await succeeds(askByProgram(endpoint, 'select 1'))).toBe(expected);
    if (!expected) return;
    const isEncrypted = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';
    expect(await askByProgram(endpoint, isEncrypted)).toBe('t');
  },
);

test('both show the account’s certificate', async () => {
  await give('account.crt', 'postgresql.crt');
  await give('account.key', 'postgresql.key');
  const shown = 'select client_dn as name from pg_stat_ssl where pid = pg_backend_pid()';
  const session = await open(endpointWith({}));
  onTestFinished(() => session.close());
  expect(await session.query(shown)).toEqual([{ name: '/CN=account' }]);
  expect(await askByProgram(endpointWith({}), shown)).toBe('/CN=account');
});

test('neither takes a password out of the account’s home', async () => {
  await writeFile(join(home, '.pgpass'), `*:*:*:*:${cluster.password}\n`, { mode: 0o600 });
  const { password: _password, ...without } = endpointWith({});
  await expect(open(without)).rejects.toMatchObject({
    code: 'postgres-login',
    message: expect.stringContaining('asks for a password and none is given'),
  });
  await expect(askByProgram(without, 'select 1')).rejects.toMatchObject({ code: 'postgres-unreachable' });
});

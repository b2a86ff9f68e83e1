import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../../bin', import.meta.url));
const isRoot = process.getuid?.() === 0;
const isDebian = existsSync('/etc/debian_version');

let project: string;
let programs: string;

/** A checkout with an up-to-date node_modules, and a PATH with nothing but what a test puts there. */
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'setup-'));
  await chmod(project, 0o755);
  programs = join(project, 'programs');
  for (const folder of ['bin', 'node_modules', 'programs']) await mkdir(join(project, folder));
  const parts = [
    'setup.js',
    'long-command.js',
    'debian-packages.js',
    'newer-postgres.js',
    'regression-suite.js',
  ];
  for (const name of parts) await copyFile(join(scripts, name), join(project, 'bin', name));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeLock('package-lock.json', { 'node_modules/zx': { version: '8.8.5' } });
  await writeLock('node_modules/.package-lock.json', { 'node_modules/zx': { version: '8.8.5' } });
  for (const program of ['sh', 'touch', 'echo', 'chmod', 'cat', 'sleep'])
    await symlink(`/bin/${program}`, join(programs, program));
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function writeLock(path: string, packages: object): Promise<void> {
  await writeFile(join(project, path), JSON.stringify({ packages }));
}

/** A fake program that notes how it was called, then runs `body`. */
async function fake(program: string, body = ''): Promise<void> {
  await writeFile(join(programs, program), `#!/bin/sh\necho "${program} $*" >>${project}/calls\n${body}\n`, {
    mode: 0o755,
  });
}

const debianPrograms = [
  'initdb',
  'pg_dump',
  'zstd',
  'flock',
  'age',
  'bzip2',
  'aws',
  'ceph-mon',
  'ceph-osd',
  'radosgw',
  'tmux',
  'openssl',
  'systemd-analyze',
  'promtool',
];

const pythonModules = ['sqlalchemy', 'alembic', 'pytest', 'psycopg2'];

async function fakeAll(...except: string[]): Promise<void> {
  for (const program of debianPrograms.filter((name) => !except.includes(name))) await fake(program);
  await fakePython(...except);
}

/** A Python that says of each module whether it has it: it has those that a file in `programs` is named for. */
async function fakePython(...except: string[]): Promise<void> {
  const body = `shift 3\nfor module; do [ -e ${programs}/module-$module ] || echo $module; done`;
  await writeFile(join(programs, 'python3'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  for (const module of pythonModules.filter((name) => !except.includes(name)))
    await writeFile(join(programs, `module-${module}`), '');
}

interface SetUp {
  readonly said: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<{ status: number | null; said: string }>;
}

interface SetUpOptions {
  readonly variables?: Readonly<Record<string, string>>;
  /** As an ordinary user, whoever runs the tests. */
  readonly asOrdinaryUser?: boolean;
  readonly onTerminal?: boolean;
}

/**
 * Becomes another user once Node runs, because that user need not reach this checkout and its Node: they may lie in root's
 * own home.
 */
const becomeNobody = 'process.setgroups([]); process.setgid(65534); process.setuid(65534);';
const pretendTerminal = 'process.stderr.isTTY = true; process.stderr.columns = 60;';

function startSetUp(use: string, { asOrdinaryUser, onTerminal, variables }: SetUpOptions = {}): SetUp {
  const first = `${asOrdinaryUser === true && isRoot ? becomeNobody : ''}${onTerminal === true ? pretendTerminal : ''}`;
  const words = ['--import', `data:text/javascript,${first}`, join(project, 'bin', 'setup.js'), use];
  const child = spawn(process.execPath, words, {
    env: { PATH: programs, npm_execpath: undefined, TEST_PYTHON: join(programs, 'python3'), ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, said }));
  return { said: () => said, kill: (signal) => child.kill(signal), ended };
}

function setUp(use: string, options?: SetUpOptions): SetUp['ended'] {
  return startSetUp(use, options).ended;
}

/** What a fake waits with until the test lets it go on. */
const untilReleased = (): string =>
  `while [ -d ${project} ] && [ ! -e ${project}/released ]; do sleep 0.05; done`;

const readyUntilReleased = (): string => `echo ready >>${project}/calls; ${untilReleased()}`;

function release(): Promise<void> {
  return writeFile(join(project, 'released'), '');
}

async function calls(): Promise<string> {
  return readFile(join(project, 'calls'), 'utf8').catch(() => '');
}

test('nothing is installed and nothing said when all is there', async () => {
  await fakeAll();
  expect(await setUp('test')).toEqual({ status: 0, said: '' });
  expect(await calls()).toBe('');
});

test.each(['', 'everything'])('an unknown use (%j) is a usage error', async (use) => {
  expect((await setUp(use)).status).toBe(2);
});

describe('npm packages', () => {
  beforeEach(() => fake('npm', 'exit 0'));

  test('are installed when node_modules is missing', async () => {
    await rm(join(project, 'node_modules'), { recursive: true });
    expect(await setUp('check')).toMatchObject({
      status: 0,
      said: expect.stringContaining('node_modules is missing') as string,
    });
    expect(await calls()).toContain('npm ci');
  });

  test('are installed when the lock names another version, and the package is named', async () => {
    await writeLock('package-lock.json', { 'node_modules/zx': { version: '9.0.0' } });
    expect((await setUp('check')).said).toContain('differs from package-lock.json (zx)');
    expect(await calls()).toContain('npm ci');
  });

  test('of other platforms may be absent', async () => {
    await writeLock('package-lock.json', {
      'node_modules/zx': { version: '8.8.5' },
      'node_modules/fsevents': { version: '2.3.3', optional: true },
    });
    expect(await setUp('check')).toEqual({ status: 0, said: '' });
  });

  test('a failing npm ci is exit 11', async () => {
    await fake('npm', 'exit 1');
    await rm(join(project, 'node_modules'), { recursive: true });
    expect(await setUp('check')).toMatchObject({
      status: 11,
      said: expect.stringContaining('failed with exit 1') as string,
    });
  });

  test('that come are counted, and what npm said is told when it fails', async () => {
    const lines = Array.from(
      { length: 3 },
      () => 'npm http fetch GET 200 https://registry.example/zx.tgz 5ms',
    );
    const say = [...lines, 'npm error code EINTEGRITY'].map((line) => `echo "${line}" >&2`);
    await fake('npm', `${say.join('\n')}\nexit 1`);
    await rm(join(project, 'node_modules'), { recursive: true });
    const { status, said } = await setUp('check');
    expect(status).toBe(11);
    expect(said).toContain('npm ci installs some 1 packages');
    expect(said).toContain('1 of some 1 packages fetched');
    expect(said).toContain('npm ci said:\nnpm error code EINTEGRITY\n');
    expect(said).toContain('what to do: npm ci, by hand');
  });

  test('stop coming when somebody interrupts: npm is told, and nothing else is begun', async () => {
    await fake(
      'npm',
      `trap 'echo "npm interrupted" >>${project}/calls; exit 1' INT\n${readyUntilReleased()}`,
    );
    await rm(join(project, 'node_modules'), { recursive: true });
    const running = startSetUp('test');
    await expect.poll(calls, { timeout: 60_000 }).toContain('ready');
    running.kill('SIGINT');
    const { status, said } = await running.ended;
    expect(await calls()).toContain('npm interrupted');
    expect(said).toContain('interrupted by SIGINT after');
    expect(said).not.toContain('missing: zstd');
    expect(status).toBe(130);
  });
});

test('a module is there when Python finds it', async ({ skip }) => {
  skip(!isDebian, "asks Debian's own Python");
  await fakeAll();
  // Without the folders of packages, and with them.
  await writeFile(join(programs, 'python3'), '#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n');
  const without = await setUp('test', { asOrdinaryUser: true });
  expect(without.status).toBe(11);
  expect(without.said).toContain('python3-sqlalchemy alembic python3-pytest python3-psycopg2');
  await writeFile(join(programs, 'python3'), '#!/bin/sh\nexec /usr/bin/python3 "$@"\n');
  expect(await setUp('test', { asOrdinaryUser: true })).toEqual({ status: 0, said: '' });
});

test('a demo installs no packages of the tests', async () => {
  await fakeAll('age', 'radosgw', 'ceph-mon', 'alembic');
  expect(await setUp('demo')).toEqual({ status: 0, said: '' });
});

test('an S3 server is not installed where Docker runs', async () => {
  await fakeAll('ceph-mon', 'ceph-osd', 'radosgw');
  await fake('docker', 'exit 0');
  expect((await setUp('test')).status).toBe(0);
  expect(await calls()).toBe('docker info\n');
});

test.each(['native', 'postgres:containers,s3:native'])(
  'it is where it is wanted all the same: TEST_SERVICES=%s',
  async (wanted) => {
    await fakeAll('radosgw');
    await fake('docker', 'exit 0');
    const { said } = await setUp('test', { asOrdinaryUser: true, variables: { TEST_SERVICES: wanted } });
    expect(said).toContain('apt-get install --no-install-recommends radosgw');
    expect(await calls()).toBe('');
  },
);

test('somebody who is not root is told the exact command', async ({ skip }) => {
  skip(!isDebian, 'only on Debian does it name the packages of Debian');
  await fakeAll('zstd', 'radosgw');
  await fake('apt-get');
  const { status, said } = await setUp('test', { asOrdinaryUser: true });
  expect(status).toBe(11);
  expect(said).toContain('sudo apt-get update && sudo apt-get install --no-install-recommends zstd radosgw');
  expect(await calls()).not.toContain('apt-get');
});

describe('Debian packages', () => {
  beforeEach(({ skip }) => {
    skip(!isRoot || !isDebian, 'only root on Debian installs packages');
  });

  test('that are missing are installed by root, without starting services, each with its reason', async () => {
    await fakeAll('zstd', 'age');
    const installs = ['zstd', 'age'].map(
      (name) => `touch ${programs}/${name}; chmod 755 ${programs}/${name}`,
    );
    await fake(
      'apt-get',
      `case "$*" in *install*) ${installs.join('; ')}; [ -x /usr/sbin/policy-rc.d ] && echo held >>${project}/calls;; esac`,
    );
    const { status, said } = await setUp('test');
    expect(said).toContain('missing: zstd (compression)');
    expect(said).toContain('missing: age (encryption)');
    expect(status).toBe(0);
    const called = await calls();
    expect(called).toMatch(/apt-get .* update\n/);
    expect(called).toMatch(/apt-get .* install -y --no-install-recommends zstd age\n/);
    expect(called).toContain('held');
  });

  test('a program is taken alone out of a package that brings much more', async () => {
    await fakeAll('promtool');
    await fake('apt-get', 'case "$*" in *download*) touch prometheus_2_amd64.deb;; esac');
    await symlink('/bin/mkdir', join(programs, 'mkdir'));
    await fake('dpkg-deb', 'mkdir -p contents/usr/bin; echo promtool > contents/usr/bin/promtool');
    const { status, said } = await setUp('test');
    expect(said).toContain("taking promtool alone out of Debian's package prometheus");
    expect(status).toBe(0);
    expect(await readFile(join(project, 'node_modules', '.bin', 'promtool'), 'utf8')).toBe('promtool\n');
    expect(await calls()).not.toContain(' install ');
    // It is found the next time.
    expect(await setUp('test')).toEqual({ status: 0, said: '' });
    await rm(join(project, 'node_modules', '.bin'), { recursive: true });
    await fake('dpkg-deb', 'exit 1');
    expect((await setUp('test')).status).toBe(11);
  });

  test("modules of Python's that are missing are installed, also where Python itself is missing", async () => {
    await fakeAll('alembic', 'psycopg2');
    const installs = ['alembic', 'psycopg2'].map((name) => `touch ${programs}/module-${name}`);
    await fake('apt-get', `case "$*" in *install*) ${installs.join('; ')};; esac`);
    const { status, said } = await setUp('test');
    expect(said).toContain("missing: Python's alembic (the application that drills restore)");
    expect(status).toBe(0);
    expect(await calls()).toMatch(/ install -y --no-install-recommends alembic python3-psycopg2\n/);

    await rm(join(programs, 'python3'));
    expect(await setUp('test')).toMatchObject({
      status: 11,
      said: expect.stringContaining(
        "still missing after the installation: Python's sqlalchemy, Python's alembic, Python's pytest, Python's psycopg2",
      ) as string,
    });
  });

  test('a program that is still missing after the installation is exit 11', async () => {
    await fakeAll('zstd');
    await fake('apt-get');
    expect(await setUp('demo')).toMatchObject({
      status: 11,
      said: expect.stringContaining('still missing after the installation: zstd') as string,
    });
  });

  test('a failing apt-get is exit 11', async () => {
    await fakeAll('zstd');
    await fake('apt-get', 'exit 100');
    expect(await setUp('demo')).toMatchObject({
      status: 11,
      said: expect.stringContaining('failed with exit 100') as string,
    });
  });

  test('tell how far they are: what is fetched and of how much, what is installed, how long it took', async () => {
    await fakeAll('zstd');
    const status = [
      'echo "Need to get 12.3 MB/69.1 MB of archives."',
      'echo "dlstatus:1:20.4:Retrieving file 3 of 45 (5s remaining)"',
      'echo "pmstatus:zstd:40.0:Unpacking zstd (amd64)" >&3',
    ];
    const flood =
      'i=0; while [ $i -lt 3000 ]; do echo "pmstatus:zstd:41:Configuring zstd" >&3; i=$((i+1)); done';
    await fake(
      'apt-get',
      `case "$*" in *install*) ${[...status, flood, `touch ${programs}/zstd`].join('; ')};; esac`,
    );
    const { status: code, said } = await setUp('demo');
    expect(code).toBe(0);
    expect(said).toContain('apt-get install zstd: with all that they need');
    expect(said).toContain('fetching file 3 of 45, 20 % of 69.1 MB');
    expect(said).toMatch(/installing, 4[01] %: (Unpacking|Configuring) zstd/);
    expect(said.match(/done in \d/g)).toHaveLength(2);
    expect(said.split('\n').length).toBeLessThan(20);
  });

  test('on a terminal are told in one line that changes and is never wider', async () => {
    await fakeAll('zstd');
    const long = 'x'.repeat(200);
    await fake(
      'apt-get',
      `case "$*" in *install*) echo "pmstatus:zstd:40.0:Unpacking ${long}" >&3; ${untilReleased()};; esac`,
    );
    const running = startSetUp('demo', { onTerminal: true });
    await expect
      .poll(() => running.said().split('\r\u001B[2Ksetup:   installing, 40 %').length, { timeout: 60_000 })
      .toBeGreaterThan(2);
    await release();
    const { said } = await running.ended;
    expect(said).toContain('\r\u001B[2Ksetup:   done in ');
    expect(said).not.toContain('x\n');
    expect(said).not.toContain('x'.repeat(60));
  });

  test.each([
    ['fails, with its last words', 'echo "E: Unable to locate package zstd" >&2; exit 100', 'exit 100'],
    ['is killed', 'kill -9 $$', 'was killed by SIGKILL'],
  ])('are exit 11 with what to do when apt-get %s', async (_, body, expected) => {
    await fakeAll('zstd');
    await fake('apt-get', `case "$*" in *install*) ${body};; esac`);
    const { status, said } = await setUp('demo');
    expect(said).toContain(expected);
    expect(said.includes('E: Unable to locate package zstd')).toBe(body.startsWith('echo'));
    expect(said).toMatch(/what to do: apt-get install .* zstd, by hand/);
    expect(status).toBe(11);
    expect(await holds()).toEqual([]);
  });

  test('are left by an interruption in good order: apt-get ends first, by the signal that it minds', async () => {
    await fakeAll('zstd');
    const minds = `trap 'echo "apt-get ended" >>${project}/calls; exit 100' INT`;
    await fake('apt-get', `${minds}\n${readyUntilReleased()}`);
    const running = startSetUp('demo');
    await expect.poll(calls, { timeout: 60_000 }).toContain('ready');
    expect(await holds()).not.toEqual([]);
    running.kill('SIGTERM');
    expect((await running.ended).status).toBe(143);
    expect(await calls()).toContain('apt-get ended');
    expect(await calls()).not.toContain(' install ');
    expect(await holds()).toEqual([]);
  });

  /** The files by which Debian is asked to start nothing, where they are ours. */
  async function holds(): Promise<string[]> {
    const files = ['/usr/sbin/policy-rc.d', '/etc/postgresql-common/createcluster.d/run-plan.conf'];
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
    return files.filter((_, index) => texts[index]?.includes("run-plan's bin/setup.js"));
  }
});

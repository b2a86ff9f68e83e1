import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../bin/setup.js', import.meta.url));
const isRootOnDebian = process.getuid?.() === 0 && process.platform === 'linux';

let project: string;
let programs: string;

/** A checkout with an up-to-date node_modules, and a PATH with nothing but what a test puts there. */
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'setup-'));
  await chmod(project, 0o755);
  programs = join(project, 'programs');
  for (const folder of ['bin', 'node_modules', 'programs']) await mkdir(join(project, folder));
  await copyFile(script, join(project, 'bin', 'setup.js'));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  await writeLock('package-lock.json', { 'node_modules/zx': { version: '8.8.5' } });
  await writeLock('node_modules/.package-lock.json', { 'node_modules/zx': { version: '8.8.5' } });
  for (const program of ['sh', 'touch', 'echo', 'chmod'])
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
  'aws',
  'ceph-mon',
  'ceph-osd',
  'radosgw',
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

function setUp(
  use: string,
  user?: number,
  variables: Readonly<Record<string, string>> = {},
): { status: number | null; said: string } {
  const environment = {
    PATH: programs,
    npm_execpath: undefined,
    TEST_PYTHON: join(programs, 'python3'),
    ...variables,
  };
  const owner = user === undefined ? {} : { uid: user, gid: user };
  const result = spawnSync(process.execPath, [join(project, 'bin', 'setup.js'), use], {
    env: environment,
    encoding: 'utf8',
    ...owner,
  });
  return { status: result.status, said: result.stderr };
}

async function calls(): Promise<string> {
  return readFile(join(project, 'calls'), 'utf8').catch(() => '');
}

test('nothing is installed and nothing said when all is there', async () => {
  await fakeAll();
  expect(setUp('test')).toEqual({ status: 0, said: '' });
  expect(await calls()).toBe('');
});

test.each(['', 'everything'])('an unknown use (%j) is a usage error', (use) => {
  expect(setUp(use).status).toBe(2);
});

describe('npm packages', () => {
  beforeEach(() => fake('npm', 'exit 0'));

  test('are installed when node_modules is missing', async () => {
    await rm(join(project, 'node_modules'), { recursive: true });
    expect(setUp('check')).toMatchObject({
      status: 0,
      said: expect.stringContaining('node_modules is missing') as string,
    });
    expect(await calls()).toContain('npm ci');
  });

  test('are installed when the lock names another version, and the package is named', async () => {
    await writeLock('package-lock.json', { 'node_modules/zx': { version: '9.0.0' } });
    expect(setUp('check').said).toContain('differs from package-lock.json (zx)');
    expect(await calls()).toContain('npm ci');
  });

  test('of other platforms may be absent', async () => {
    await writeLock('package-lock.json', {
      'node_modules/zx': { version: '8.8.5' },
      'node_modules/fsevents': { version: '2.3.3', optional: true },
    });
    expect(setUp('check')).toEqual({ status: 0, said: '' });
  });

  test('a failing npm ci is exit 11', async () => {
    await fake('npm', 'exit 1');
    await rm(join(project, 'node_modules'), { recursive: true });
    expect(setUp('check')).toMatchObject({
      status: 11,
      said: expect.stringContaining('npm ci failed') as string,
    });
  });
});

describe.runIf(isRootOnDebian)('Debian packages', () => {
  test('that are missing are installed by root, without starting services, each with its reason', async () => {
    await fakeAll('zstd', 'age');
    const installs = ['zstd', 'age'].map(
      (name) => `touch ${programs}/${name}; chmod 755 ${programs}/${name}`,
    );
    await fake(
      'apt-get',
      `case "$*" in *install*) ${installs.join('; ')}; [ -x /usr/sbin/policy-rc.d ] && echo held >>${project}/calls;; esac`,
    );
    const { status, said } = setUp('test');
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
    const { status, said } = setUp('test');
    expect(said).toContain("taking promtool alone out of Debian's package prometheus");
    expect(status).toBe(0);
    expect(await readFile(join(project, 'node_modules', '.bin', 'promtool'), 'utf8')).toBe('promtool\n');
    expect(await calls()).not.toContain(' install ');
    // It is found the next time.
    expect(setUp('test')).toEqual({ status: 0, said: '' });
    await rm(join(project, 'node_modules', '.bin'), { recursive: true });
    await fake('dpkg-deb', 'exit 1');
    expect(setUp('test').status).toBe(11);
  });

  test("modules of Python's that are missing are installed, also where Python itself is missing", async () => {
    await fakeAll('alembic', 'psycopg2');
    const installs = ['alembic', 'psycopg2'].map((name) => `touch ${programs}/module-${name}`);
    await fake('apt-get', `case "$*" in *install*) ${installs.join('; ')};; esac`);
    const { status, said } = setUp('test');
    expect(said).toContain("missing: Python's alembic (the application that drills restore)");
    expect(status).toBe(0);
    expect(await calls()).toMatch(/ install -y --no-install-recommends alembic python3-psycopg2\n/);

    await rm(join(programs, 'python3'));
    expect(setUp('test')).toMatchObject({
      status: 11,
      said: expect.stringContaining(
        "still missing after the installation: Python's sqlalchemy, Python's alembic, Python's pytest, Python's psycopg2",
      ) as string,
    });
  });

  test('a module is there when Python can import it', async () => {
    await fakeAll();
    // Without the folders of packages, and with them.
    await writeFile(join(programs, 'python3'), '#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n');
    const without = setUp('test', 65534);
    expect(without.status).toBe(11);
    expect(without.said).toContain('python3-sqlalchemy alembic python3-pytest python3-psycopg2');
    await writeFile(join(programs, 'python3'), '#!/bin/sh\nexec /usr/bin/python3 "$@"\n');
    expect(setUp('test', 65534)).toEqual({ status: 0, said: '' });
  });

  test('a demo installs no packages of the tests', async () => {
    await fakeAll('age', 'radosgw', 'ceph-mon', 'alembic');
    expect(setUp('demo')).toEqual({ status: 0, said: '' });
  });

  test('an S3 server is not installed where Docker runs', async () => {
    await fakeAll('ceph-mon', 'ceph-osd', 'radosgw');
    await fake('docker', 'exit 0');
    expect(setUp('test').status).toBe(0);
    expect(await calls()).toBe('docker info\n');
  });

  test.each(['native', 'postgres:containers,s3:native'])(
    'it is where it is wanted all the same: TEST_SERVICES=%s',
    async (wanted) => {
      await fakeAll('radosgw');
      await fake('docker', 'exit 0');
      const { said } = setUp('test', 65534, { TEST_SERVICES: wanted });
      expect(said).toContain('apt-get install --no-install-recommends radosgw');
      expect(await calls()).toBe('');
    },
  );

  test('a program that is still missing after the installation is exit 11', async () => {
    await fakeAll('zstd');
    await fake('apt-get');
    expect(setUp('demo')).toMatchObject({
      status: 11,
      said: expect.stringContaining('still missing after the installation: zstd') as string,
    });
  });

  test('a failing apt-get is exit 11', async () => {
    await fakeAll('zstd');
    await fake('apt-get', 'exit 100');
    expect(setUp('demo')).toMatchObject({
      status: 11,
      said: expect.stringContaining('apt-get failed') as string,
    });
  });

  test('somebody who is not root is told the exact command', async () => {
    await fakeAll('zstd', 'radosgw');
    await fake('apt-get');
    const { status, said } = setUp('test', 65534);
    expect(status).toBe(11);
    expect(said).toContain(
      'sudo apt-get update && sudo apt-get install --no-install-recommends zstd radosgw',
    );
    expect(await calls()).not.toContain('apt-get');
  });
});

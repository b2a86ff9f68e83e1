#!/usr/bin/env node
/**
 * Installs what a checkout needs and says what and why: `node bin/setup.js check|demo|test|bench`.
 *
 * Plain JavaScript for Node 18 and later without a dependency, because it runs before anything is installed. Done in a
 * fraction of a second when nothing is missing. Debian packages are installed by root on Debian only; anybody else is
 * told what is missing and how to get it, with exit 11 (as run-plan itself says "tool missing").
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const missingExitCode = 11;

/** What each use needs beside npm's packages: a program or a module of Python's, where it comes from, what for. */
const programs = [
  {
    program: 'initdb',
    debian: 'postgresql',
    brew: 'postgresql@17',
    why: 'throw-away database servers',
    uses: ['demo', 'test', 'bench'],
  },
  {
    program: 'pg_dump',
    debian: 'postgresql',
    brew: 'postgresql@17',
    why: 'dumps',
    uses: ['demo', 'test', 'bench'],
  },
  { program: 'zstd', debian: 'zstd', brew: 'zstd', why: 'compression', uses: ['demo', 'test', 'bench'] },
  {
    program: 'flock',
    debian: 'util-linux',
    brew: 'flock',
    why: 'one run of a plan at a time',
    uses: ['demo', 'test', 'bench'],
  },
  { program: 'age', debian: 'age', brew: 'age', why: 'encryption', uses: ['test'] },
  {
    program: 'aws',
    debian: 'awscli',
    brew: 'awscli',
    why: 'restoring with stock tools',
    uses: ['test', 'bench'],
  },
  { program: 'ceph-mon', debian: 'ceph-mon', s3: true, why: 'an S3 server', uses: ['test', 'bench'] },
  { program: 'ceph-osd', debian: 'ceph-osd', s3: true, why: 'an S3 server', uses: ['test', 'bench'] },
  { program: 'radosgw', debian: 'radosgw', s3: true, why: 'an S3 server', uses: ['test', 'bench'] },
  {
    program: 'systemd-analyze',
    debian: 'systemd',
    linux: true,
    why: 'checks of the unit files',
    uses: ['test'],
  },
  {
    program: 'promtool',
    debian: 'prometheus',
    brew: 'prometheus',
    // The package brings a server and 300 MB of what it shows.
    alone: 'usr/bin/promtool',
    why: 'checks of metrics and alert rules',
    uses: ['test'],
  },
  ...[
    { module: 'sqlalchemy', debian: 'python3-sqlalchemy', pip: 'sqlalchemy' },
    { module: 'alembic', debian: 'alembic', pip: 'alembic' },
    { module: 'pytest', debian: 'python3-pytest', pip: 'pytest' },
    { module: 'psycopg2', debian: 'python3-psycopg2', pip: 'psycopg2-binary' },
  ].map((module) => ({ ...module, why: 'the application that drills restore', uses: ['test'] })),
  {
    program: 'borgmatic',
    debian: 'borgmatic',
    brew: 'borgmatic',
    why: 'comparison of start-up',
    uses: ['bench'],
  },
];
const uses = ['check', 'demo', 'test', 'bench'];

/**
 * Whose modules count: Debian's own Python where there is one, because its packages are of no use to another one that
 * comes first in PATH. `TEST_PYTHON` names another. Tests start the same one (test/fixtures/application.ts).
 */
const isDebian = existsSync('/etc/debian_version');
const python = process.env.TEST_PYTHON ?? (isDebian ? '/usr/bin/python3' : 'python3');

const use = process.argv[2] ?? '';
if (!uses.includes(use)) {
  console.error(`usage: node bin/setup.js ${uses.join('|')}`);
  process.exit(2);
}
const settled = [installNpmPackages(), installPrograms(use)];
process.exitCode = settled.every(Boolean) ? 0 : missingExitCode;

/** `npm ci`, when what is in node_modules is not what package-lock.json says. */
function installNpmPackages() {
  const reason = staleness();
  if (reason === undefined) return true;
  say(`${reason}: installing npm's packages with npm ci`);
  // npm's own script where npm runs this, so that the same npm does the work.
  const script = process.env.npm_execpath;
  const [program, ...leading] =
    script?.endsWith('.js') && existsSync(script) ? [process.execPath, script] : ['npm'];
  const result = spawnSync(program, [...leading, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.status === 0) return true;
  say(`npm ci failed${result.error ? `: ${result.error.message}` : ''}; its message is above`);
  return false;
}

/** Why node_modules does not hold what the lock names, or undefined when it does. Compares with npm's own note of what it installed. */
function staleness() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing';
  for (const [path, wanted] of Object.entries(packagesOf(join(root, 'package-lock.json')) ?? {})) {
    if (!path.startsWith('node_modules/') || wanted.link) continue;
    const found = installed[path];
    const mayBeAbsent = wanted.optional || wanted.devOptional || wanted.peer;
    if (found === undefined ? !mayBeAbsent : found.version !== wanted.version)
      return `node_modules differs from package-lock.json (${path.slice('node_modules/'.length)})`;
  }
  return undefined;
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function installPrograms(wantedUse) {
  let missing = missingPrograms(wantedUse);
  if (missing.some(({ s3 }) => s3) && s3ComesByContainer()) missing = missing.filter(({ s3 }) => !s3);
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map(({ debian }) => debian))];
  for (const name of packages) {
    const parts = missing.filter(({ debian }) => debian === name);
    say(`missing: ${namesOf(parts)} (${[...new Set(parts.map(({ why }) => why))].join(', ')})`);
  }
  if (!isDebian) return explainElsewhere(missing);
  if (process.getuid?.() !== 0) {
    say(
      `only root can install them: sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}`,
    );
    return false;
  }
  return installDebianPackages(missing) && confirmInstalled(wantedUse, packages);
}

function missingPrograms(wantedUse) {
  const wanted = programs.filter(
    ({ linux, uses: usedBy }) => usedBy.includes(wantedUse) && !(linux && process.platform !== 'linux'),
  );
  const folders = programFolders();
  const modules = missingModules(wanted.flatMap(({ module }) => module ?? []));
  return wanted.filter(({ program, module }) =>
    module === undefined
      ? !folders.some((folder) => existsSync(join(folder, program)))
      : modules.includes(module),
  );
}

/** Those of the modules that Python cannot import, of this host and of no folder that a caller's variables add. */
function missingModules(modules) {
  if (modules.length === 0) return [];
  const script = [
    'import importlib, sys',
    'for name in sys.argv[1:]:',
    '    try: importlib.import_module(name)',
    '    except Exception: print(name)',
  ];
  const result = spawnSync(python, ['-I', '-c', script.join('\n'), ...modules], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.split('\n').filter(Boolean) : modules;
}

function namesOf(parts) {
  return parts.map(({ program, module }) => program ?? `Python's ${module}`).join(', ');
}

/** PATH, where Debian keeps the server's programs of each Postgres major, and where root's programs are. */
function programFolders() {
  const postgres = '/usr/lib/postgresql';
  const majors = existsSync(postgres)
    ? readdirSync(postgres).map((major) => join(postgres, major, 'bin'))
    : [];
  const own = join(root, 'node_modules', '.bin');
  return [...(process.env.PATH ?? '').split(':').filter(Boolean), own, ...majors, '/usr/sbin'];
}

/** As test/services/decide.ts decides it. */
function s3ComesByContainer() {
  const wanted = (process.env.TEST_SERVICES ?? '').split(',').map((part) => part.trim());
  return !wanted.includes('native') && !wanted.includes('s3:native') && dockerRuns();
}

function dockerRuns() {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

function explainElsewhere(missing) {
  const brew = [...new Set(missing.flatMap(({ brew: name }) => name ?? []))];
  if (process.platform === 'darwin' && brew.length > 0) say(`install them: brew install ${brew.join(' ')}`);
  if (process.platform !== 'darwin')
    say("install them with this system's package manager; on Debian root gets them from this command");
  const pip = missing.flatMap(({ pip: name }) => name ?? []);
  if (pip.length > 0)
    say(`into a virtual environment, which TEST_PYTHON names: pip install ${pip.join(' ')}`);
  if (missing.some(({ s3 }) => s3))
    say('instead of Ceph, a running Docker serves as well: start it and try again');
  return false;
}

function installDebianPackages(missing) {
  const whole = [...new Set(missing.filter(({ alone }) => !alone).map(({ debian }) => debian))];
  const parts = missing.filter(({ alone }) => alone);
  if (whole.length > 0) say(`installing Debian's packages (a minute or so): ${whole.join(' ')}`);
  for (const { program, debian } of parts) say(`taking ${program} alone out of Debian's package ${debian}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  let said = '';
  const apt = (words, cwd = root) => {
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];
    const limits = { encoding: 'utf8', maxBuffer: 100_000_000 };
    const result = spawnSync('apt-get', [...options, ...words], {
      cwd,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...limits,
    });
    said = result.error?.message ?? result.stdout + result.stderr;
    return result.status === 0;
  };
  const installed = withoutServices(
    () =>
      apt(['update']) &&
      (whole.length === 0 || apt(['install', '-y', '--no-install-recommends', ...whole])) &&
      parts.every((part) => installAlone(part, apt)),
  );
  if (!installed) say(`apt-get failed:\n${said.split('\n').slice(-30).join('\n')}`);
  return installed;
}

/** Puts one program of a package into node_modules/.bin, which npm's scripts have in their PATH. */
function installAlone({ program, debian, alone }, apt) {
  const folder = join(root, 'node_modules', `.${debian}`);
  const target = join(root, 'node_modules', '.bin');
  try {
    mkdirSync(folder, { recursive: true });
    mkdirSync(target, { recursive: true });
    if (!apt(['download', debian], folder)) return false;
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    if (file === undefined) return false;
    const { status } = spawnSync('dpkg-deb', ['--extract', file, 'contents'], {
      cwd: folder,
      stdio: 'ignore',
    });
    if (status === 0) renameSync(join(folder, 'contents', alone), join(target, program));
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs an installation that starts nothing: Debian would create and start a database cluster, and start Ceph's daemons.
 * Both are asked not to by a file that is there only meanwhile; where the host has one of its own, that one decides.
 */
function withoutServices(install) {
  const mark = "# Made by run-plan's bin/setup.js for the time of an installation.\n";
  const cluster = '/etc/postgresql-common/createcluster.d/run-plan.conf';
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = (file) => existsSync(file) && readFileSync(file, 'utf8').includes(mark);
  const ours = [cluster, policy].filter((file) => !existsSync(file) || isOurs(file));
  // A signal ends apt-get, and then this function cleans up: the default would end this process first.
  const ignore = () => {};
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, ignore);
  try {
    mkdirSync(dirname(cluster), { recursive: true });
    if (ours.includes(cluster)) writeFileSync(cluster, `${mark}create_main_cluster = false\n`);
    if (ours.includes(policy)) writeFileSync(policy, `#!/bin/sh\n${mark}exit 101\n`, { mode: 0o755 });
    return install();
  } finally {
    for (const file of ours) rmSync(file, { force: true });
    for (const signal of signals) process.off(signal, ignore);
  }
}

function confirmInstalled(wantedUse, packages) {
  const missing = missingPrograms(wantedUse).filter(({ debian }) => packages.includes(debian));
  if (missing.length > 0) say(`still missing after the installation: ${namesOf(missing)}`);
  return missing.length === 0;
}

function say(text) {
  console.error(`setup: ${text}`);
}

#!/usr/bin/env node
/**
 * Installs what a checkout needs and says what and why: `node bin/setup.js check|demo|test|bench`.
 *
 * Plain JavaScript for Node 18 and later without a dependency, because it runs before anything is installed. Done in a
 * tenth of a second when nothing is missing; what takes long says how far it is. Debian packages are installed by root on
 * Debian only; anybody else is told what is missing and how to get it, with exit 11 (as run-plan itself says "tool
 * missing"). An interruption lets apt-get come to an orderly end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interruptedExitCode, runLong, tell } from './long-command.js';
import { installNewerPostgres } from './newer-postgres.js';
import { installRegressionSuite } from './regression-suite.js';

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
  { program: 'bzip2', debian: 'bzip2', brew: 'bzip2', why: "Postgres' source", uses: ['test'] },
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
    program: 'tmux',
    debian: 'tmux',
    brew: 'tmux',
    why: 'a terminal with a person at it',
    uses: ['test'],
  },
  {
    program: 'openssl',
    debian: 'openssl',
    brew: 'openssl',
    why: 'certificates',
    uses: ['test'],
  },
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
const hasPackages = await installNpmPackages();
const hasPrograms = interruptedExitCode() === undefined && (await installPrograms(use));
const isTested = use === 'test' && hasPrograms;
const hasNewer = !isTested || (await installNewerPostgres(say));
if (isTested) await installRegressionSuite(say);
process.exitCode = interruptedExitCode() ?? (hasPackages && hasPrograms && hasNewer ? 0 : missingExitCode);

/** `npm ci`, when what is in node_modules is not what package-lock.json says. */
async function installNpmPackages() {
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  const reason = staleness(wanted);
  if (reason === undefined) return true;
  // npm's own script where npm runs this, so that the same npm does the work.
  const script = process.env.npm_execpath;
  const [program, ...leading] =
    script?.endsWith('.js') && existsSync(script) ? [process.execPath, script] : ['npm'];
  const count = Object.entries(wanted).filter(([path, entry]) => comes(path, entry)).length;
  let fetched = 0;
  const { ok, said } = await runLong(
    'setup',
    `${reason}: npm ci installs some ${count} packages (half a minute to two) …`,
    // A line for each package that comes.
    [program, ...leading, 'ci', '--no-audit', '--no-fund', '--loglevel=http'],
    {
      cwd: root,
      progressOf: (line) => {
        if (!/^npm http /.test(line)) return undefined;
        if (/\.tgz\b/.test(line)) fetched += 1;
        return { kind: 'fetching', text: `${fetched} of some ${count} packages fetched` };
      },
    },
  );
  if (!ok) explain('npm ci', said, 'npm ci, by hand, says more');
  return ok;
}

/** Whether a package of the lock is one to fetch here. */
function comes(path, { link, os, cpu }) {
  if (!path.startsWith('node_modules/') || link) return false;
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

/** Why node_modules does not hold what the lock names, or undefined when it does. Compares with npm's own note of what it installed. */
function staleness(lock) {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing';
  for (const [path, wanted] of Object.entries(lock)) {
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

async function installPrograms(wantedUse) {
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
  return (await installDebianPackages(missing)) && confirmInstalled(wantedUse, packages);
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

/**
 * Those of the modules that Python does not find, of this host and in no folder that a caller's variables add. It looks for
 * them without importing them, which takes half a second; a folder that a removed package has left has no origin.
 */
function missingModules(modules) {
  if (modules.length === 0) return [];
  const script = [
    'import sys; from importlib.util import find_spec',
    'for name in sys.argv[1:]:',
    '    found = find_spec(name)',
    '    if found is None or found.origin is None: print(name)',
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

async function installDebianPackages(missing) {
  const whole = [...new Set(missing.filter(({ alone }) => !alone).map(({ debian }) => debian))];
  const parts = missing.filter(({ alone }) => alone);
  const install = ['install', '-y', '--no-install-recommends', ...whole];
  const installed = await withoutServices(async () => {
    if (!(await apt('apt-get update: which packages there are (up to half a minute) …', ['update'])))
      return false;
    const title = `apt-get install ${whole.join(' ')}: with all that they need (one to three minutes) …`;
    if (whole.length > 0 && !(await apt(title, install))) return false;
    for (const part of parts) if (!(await installAlone(part))) return false;
    return true;
  });
  return installed;
}

/** Runs apt-get, which tells how far it is; what it said comes after a failure. */
async function apt(title, words, cwd = root) {
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '-o', 'APT::Status-Fd=3'];
  const { ok, said } = await runLong('setup', title, ['apt-get', ...options, ...words], {
    cwd,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    hasStatus: true,
    // The one that it minds while dpkg works: it lets dpkg finish, and ends then.
    interruptWith: 'SIGINT',
    progressOf: aptProgress(),
  });
  if (!ok) explain('apt-get', said, `apt-get ${words.join(' ')}, by hand, must succeed`);
  return ok;
}

/** Reads apt's status lines, `dlstatus:3:21.4:Retrieving file 3 of 45 …` and `pmstatus:age:40.0:Unpacking age (amd64)`. */
function aptProgress() {
  let size = '';
  return (line) => {
    size = /^Need to get (?:\S+ \S?B\/)?(\S+ \S?B) of archives/.exec(line)?.[1] ?? size;
    const [, kind, percent, text] = /^(dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line) ?? [];
    if (kind === undefined) return undefined;
    const share = `${Math.round(Number(percent))} %`;
    if (kind === 'pm') return { kind, text: `installing, ${share}: ${text}` };
    const [, files = ''] = /(file \d+ of \d+)/.exec(text) ?? [];
    return { kind, text: `fetching ${files}, ${share}${size && ` of ${size}`}` };
  };
}

/** Puts one program of a package into node_modules/.bin, which npm's scripts have in their PATH. */
async function installAlone({ program, debian, alone }) {
  const folder = join(root, 'node_modules', `.${debian}`);
  const target = join(root, 'node_modules', '.bin');
  try {
    mkdirSync(folder, { recursive: true });
    mkdirSync(target, { recursive: true });
    const title = `taking ${program} alone out of Debian's package ${debian} (up to a minute) …`;
    if (!(await apt(title, ['download', debian], folder))) return false;
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    if (file === undefined) return false;
    const unpack = ['dpkg-deb', '--extract', file, 'contents'];
    const { ok, said } = await runLong('setup', 'unpacking it (some seconds) …', unpack, { cwd: folder });
    if (ok) renameSync(join(folder, 'contents', alone), join(target, program));
    else explain('dpkg-deb', said, 'there must be room in node_modules');
    return ok;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs an installation that starts nothing: Debian would create and start a database cluster, and start Ceph's daemons.
 * Both are asked not to by a file that is there only meanwhile; where the host has one of its own, that one decides.
 */
async function withoutServices(install) {
  const mark = "# Made by run-plan's bin/setup.js for the time of an installation.\n";
  const cluster = '/etc/postgresql-common/createcluster.d/run-plan.conf';
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = (file) => existsSync(file) && readFileSync(file, 'utf8').includes(mark);
  const ours = [cluster, policy].filter((file) => !existsSync(file) || isOurs(file));
  try {
    mkdirSync(dirname(cluster), { recursive: true });
    if (ours.includes(cluster)) writeFileSync(cluster, `${mark}create_main_cluster = false\n`);
    if (ours.includes(policy)) writeFileSync(policy, `#!/bin/sh\n${mark}exit 101\n`, { mode: 0o755 });
    return await install();
  } finally {
    for (const file of ours) rmSync(file, { force: true });
  }
}

function confirmInstalled(wantedUse, packages) {
  const missing = missingPrograms(wantedUse).filter(({ debian }) => packages.includes(debian));
  if (missing.length > 0) say(`still missing after the installation: ${namesOf(missing)}`);
  return missing.length === 0;
}

/** What a program said before it failed, and what to do; nothing after an interruption, which is nobody's fault. */
function explain(program, said, hint) {
  if (interruptedExitCode() !== undefined) return;
  const words = said.filter((line) => line.trim() !== '').slice(-30);
  say(words.length === 0 ? `${program} said nothing` : `${program} said:\n${words.join('\n')}`);
  say(`what to do: ${hint}; start this again then`);
}

function say(text) {
  tell('setup', text);
}

/**
 * A second, newer major of Postgres for tests across majors, on Debian 12, which has 15 alone: Debian 13's packages and
 * the libraries that they need, unpacked into a folder of their own and started by Debian 13's own loader. The host's
 * apt sources, lists and packages stay as they are; the mirror is the one that the host names, and apt checks the
 * signatures. Some 40 MB, in a few seconds, once.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { runLong } from './long-command.js';

const major = '17';
const release = 'trixie';
/** Of the packages that Debian 13's server needs, those that programs load: no Perl, and no LLVM, which is for JIT. */
const isLoaded = (name) =>
  /^(?:lib|zlib1g$|postgresql(?:-client)?-17$)/.test(name) && !/perl|llvm|z3/.test(name);

/** Where it may lie, as test/services/newer-postgres.ts finds it: root's, which everybody can read, and a user's own. */
const folders = ['/var/cache', process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')].map((cache) =>
  join(cache, 'run-plan-test', `postgresql-${major}`),
);

/**
 * Makes sure of it where this is Debian 12, and says why when it cannot be had; true where nothing is wanted.
 * `say` tells a line.
 */
export async function installNewerPostgres(say) {
  if (!isDebian12() || folders.some((folder) => existsSync(folder))) return true;
  const why = await tryTo(folders[process.getuid?.() === 0 ? 0 : 1]);
  if (why === undefined) return true;
  say(`PostgreSQL ${major} of Debian 13 is not to be had: ${why}`);
  say('tests of dumps and restores across majors are SKIPPED');
  return process.env.CI === undefined;
}

function isDebian12() {
  const file = '/etc/os-release';
  return existsSync(file) && /^VERSION_CODENAME=bookworm$/m.test(readFileSync(file, 'utf8'));
}

/** Why it could not be made, or undefined. */
async function tryTo(folder) {
  let made;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    made = mkdtempSync(`${folder}-`);
    const title = `PostgreSQL ${major} of Debian 13 into ${folder}, for tests across majors (some seconds) …`;
    await fetchAndUnpack(title, made);
    wrapPrograms(join(made, 'root'), join(folder, 'root'));
    chmodSync(made, 0o755);
    renameSync(made, folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

async function fetchAndUnpack(title, folder) {
  const apt = aptOptions(folder);
  await run(title, ['apt-get', ...apt, 'update'], folder);
  const wanted = ['--simulate', '--no-install-recommends', 'install', `postgresql-${major}`];
  const needed = ask(['apt-get', ...apt, ...wanted]).matchAll(/^Inst (\S+)/gm);
  const names = [...needed].map(([, name]) => name).filter(isLoaded);
  const debs = join(folder, 'debs');
  mkdirSync(debs);
  await run(`${names.length} packages of it (some 40 MB) …`, ['apt-get', ...apt, 'download', ...names], debs);
  for (const file of readdirSync(debs))
    ask(['dpkg-deb', '--extract', join(debs, file), join(folder, 'root')]);
  for (const name of ['debs', 'state', 'cache']) rmSync(join(folder, name), { recursive: true });
}

/** apt with a world of its own: one release of the host's mirror, and nothing installed. */
function aptOptions(folder) {
  const format = '$(RELEASE) $(REPO_URI) $(SIGNED_BY)';
  const targets = ask(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const [, mirror, key] = /^(?:bookworm|oldstable) (\S+) ?(\S*)$/m.exec(targets) ?? [];
  if (mirror === undefined) throw new Error("this host's apt sources name no mirror of Debian 12");
  const signedBy = key.startsWith('/') ? key : '/usr/share/keyrings/debian-archive-keyring.gpg';
  for (const name of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb [signed-by=${signedBy}] ${mirror} ${release} main\n`);
  writeFileSync(join(folder, 'state', 'status'), '');
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'state', 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Languages': 'none',
    // The folder is this user's alone until it is whole.
    'APT::Sandbox::User': 'root',
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/**
 * Puts a script in the place of each program, which starts it by the release's own loader with its own libraries. It
 * hands on the script's name as the program's: by that Postgres finds its other programs, its libraries and its files.
 */
function wrapPrograms(root, final) {
  const libraries = `usr/lib/${named(join(root, 'usr/lib'), /-linux-gnu$/)}`;
  const loader = `${libraries}/${named(join(root, libraries), /^ld-linux-.*\.so\.\d+$/)}`;
  const bin = `usr/lib/postgresql/${major}/bin`;
  renameSync(join(root, bin), join(root, `${bin}.own`));
  mkdirSync(join(root, bin));
  for (const name of readdirSync(join(root, `${bin}.own`))) {
    const start = `exec '${final}/${loader}' --argv0 "$0" --library-path '${final}/${libraries}'`;
    const script = `#!/bin/sh\n${start} '${final}/${bin}.own/${name}' "$@"\n`;
    writeFileSync(join(root, bin, name), script, { mode: 0o755 });
  }
  // Without LLVM the server takes it for a build without JIT.
  rmSync(join(root, `usr/lib/postgresql/${major}/lib/llvmjit.so`), { force: true });
}

/** The name in a folder that looks as wanted. */
function named(folder, pattern) {
  const found = readdirSync(folder).find((name) => pattern.test(name));
  if (found === undefined) throw new Error(`its packages hold nothing like ${pattern.source}`);
  return found;
}

async function run(title, command, cwd) {
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { ok, said } = await runLong('setup', title, command, { cwd, env: environment });
  if (!ok) throw new Error(said.filter(Boolean).slice(-5).join('\n'));
}

function ask([program, ...words]) {
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: environment });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

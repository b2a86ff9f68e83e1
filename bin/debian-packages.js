/**
 * What the tests take out of Debian's packages without installing them, each into a folder of its own below a cache. The
 * host's apt sources, lists and packages stay as they are; the mirror is the one that the host names, and apt checks the
 * signatures.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { runLong } from './long-command.js';

/** Where such a folder may lie, as the tests find it: root's, which everybody can read, and a user's own. */
export function cacheFolders(name) {
  return ['/var/cache', process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')].map((cache) =>
    join(cache, 'run-plan-test', name),
  );
}

export function isDebian12() {
  const file = '/etc/os-release';
  return existsSync(file) && /^VERSION_CODENAME=bookworm$/m.test(readFileSync(file, 'utf8'));
}

/**
 * Makes the one of the folders that is this user's, whole or not at all: `fill` gets a folder beside it, and its name.
 * Why it could not be made, or undefined.
 */
export async function makeFolder(folders, fill) {
  const folder = folders[process.getuid?.() === 0 ? 0 : 1];
  let made;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    made = mkdtempSync(`${folder}-`);
    await fill(made, folder);
    chmodSync(made, 0o755);
    renameSync(made, folder);
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

/** apt with a world of its own in a folder: one release of the host's mirror (`deb trixie`), and nothing installed. */
export function aptOptions(folder, kindAndRelease) {
  const format = '$(RELEASE) $(REPO_URI) $(SIGNED_BY)';
  const targets = ask(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages']);
  const [, mirror, key] = /^(?:bookworm|oldstable) (\S+) ?(\S*)$/m.exec(targets) ?? [];
  if (mirror === undefined) throw new Error("this host's apt sources name no mirror of Debian 12");
  const signedBy = key.startsWith('/') ? key : '/usr/share/keyrings/debian-archive-keyring.gpg';
  for (const name of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  const list = join(folder, 'sources.list');
  const [kind, release] = kindAndRelease.split(' ');
  writeFileSync(list, `${kind} [signed-by=${signedBy}] ${mirror} ${release} main\n`);
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

/** Runs a long command with a title. @throws Error with the last that it said */
export async function run(title, command, cwd) {
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { ok, said } = await runLong('setup', title, command, { cwd, env: environment });
  if (!ok) throw new Error(said.filter(Boolean).slice(-5).join('\n'));
}

/** What a command says. @throws Error with what it complains of */
export function ask([program, ...words]) {
  const environment = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: environment });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout;
}

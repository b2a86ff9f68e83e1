/**
 * A second, newer major of Postgres for tests across majors, on Debian 12, which has 15 alone: Debian 13's packages and
 * the libraries that they need, unpacked into a folder of their own and started by Debian 13's own loader. Some 40 MB, in
 * a few seconds, once.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptOptions, ask, cacheFolders, isDebian12, makeFolder, run } from './debian-packages.js';

const major = '17';
const release = 'trixie';
/** Of the packages that Debian 13's server needs, those that programs load: no Perl, and no LLVM, which is for JIT. */
const isLoaded = (name) =>
  /^(?:lib|zlib1g$|postgresql(?:-client)?-17$)/.test(name) && !/perl|llvm|z3/.test(name);

const folders = cacheFolders(`postgresql-${major}`);

/**
 * Makes sure of it where this is Debian 12, and says why when it cannot be had; true where nothing is wanted.
 * `say` tells a line.
 */
export async function installNewerPostgres(say) {
  if (!isDebian12() || folders.some((folder) => existsSync(folder))) return true;
  const why = await makeFolder(folders, async (made, folder) => {
    const title = `PostgreSQL ${major} of Debian 13 into ${folder}, for tests across majors (some seconds) …`;
    await fetchAndUnpack(title, made);
    wrapPrograms(join(made, 'root'), join(folder, 'root'));
  });
  if (why === undefined) return true;
  say(`PostgreSQL ${major} of Debian 13 is not to be had: ${why}`);
  say('tests of dumps and restores across majors are SKIPPED');
  return process.env.CI === undefined;
}

async function fetchAndUnpack(title, folder) {
  const apt = aptOptions(folder, `deb ${release}`);
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

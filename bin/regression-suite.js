/**
 * The scripts and data of Postgres' own regression tests, out of Debian 12's source package: a database that nobody here
 * wrote, of some 540 tables. A download of some 25 MB, of which 6 MB are kept, once.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aptOptions, ask, cacheFolders, isDebian12, makeFolder, run } from './debian-packages.js';

const major = '15';
/** Of the folder of the tests. */
const wanted = ['sql', 'data', 'parallel_schedule'];
const folders = cacheFolders(`regression-${major}`);

/** Makes sure of them where this is Debian 12, and says why when they cannot be had: not every mirror has sources. */
export async function installRegressionSuite(say) {
  if (!isDebian12() || folders.some((folder) => existsSync(folder))) return;
  const why = await makeFolder(folders, fetchAndUnpack);
  if (why === undefined) return;
  say(`the regression tests of PostgreSQL ${major} are not to be had: ${why}`);
  say('tests of the database that they make are SKIPPED');
}

async function fetchAndUnpack(made, folder) {
  const apt = aptOptions(made, 'deb-src bookworm');
  const title = `regression tests of PostgreSQL ${major} into ${folder} (some seconds) …`;
  await run(title, ['apt-get', ...apt, 'update'], made);
  const source = join(made, 'source');
  mkdirSync(source);
  const fetch = ['apt-get', ...apt, '--download-only', 'source', `postgresql-${major}`];
  await run('its source package (some 25 MB) …', fetch, source);
  const archive = readdirSync(source).find((name) => /\.orig\.tar\.\w+$/.test(name));
  if (archive === undefined) throw new Error('the source package has no original');
  const only = ['--strip-components=1', '--wildcards', '*/src/test/regress/*'];
  ask([
    'tar',
    '--extract',
    `--directory=${source}`,
    `--file=${join(source, archive)}`,
    '--no-same-owner',
    ...only,
  ]);
  for (const name of wanted)
    cpSync(join(source, 'src/test/regress', name), join(made, name), { recursive: true });
  for (const name of ['source', 'state', 'cache', 'sources.list'])
    rmSync(join(made, name), { recursive: true, force: true });
}

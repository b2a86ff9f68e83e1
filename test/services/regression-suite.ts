import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresEndpoint } from '../../src/language/environment/environment.ts';
import { chooseServerInstallation } from '../../src/postgres/server-installation.ts';

const run = promisify(execFile);

/** Where `bin/regression-suite.js` puts the scripts of a major's regression tests; undefined where they are not. */
export function regressionSuite(major: number): string | undefined {
  return ['/var/cache', process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')]
    .map((cache) => join(cache, `run-plan-test/regression-${String(major)}`))
    .find((folder) => existsSync(folder));
}

/** Makes a tablespace in a place of the host's; or take long, and leave nothing behind. */
const left = new Set([
  'tablespace',
  'join_hash',
  'select_parallel',
  'stats',
  'write_parallel',
  'largeobject',
]);

/**
 * Makes the regression database, as it stands after all scripts. They run without the suite's own library: what needs it
 * fails, and so does what is meant to.
 * @param postgres of a cluster that nobody else uses: roles are made in it, and its settings changed
 */
export async function makeRegressionDatabase(
  suite: string,
  postgres: Pick<PostgresEndpoint, 'host' | 'port' | 'user'> & { readonly password: string },
): Promise<void> {
  const { binFolder } = await chooseServerInstallation();
  const scratch = await mkdtemp(join(tmpdir(), 'run-plan-regression-'));
  const environment = {
    PATH: process.env['PATH'],
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    PGPASSWORD: postgres.password,
    PGDATABASE: 'regression',
    PGTZ: 'PST8PDT',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose',
    PG_ABS_SRCDIR: suite,
    PG_ABS_BUILDDIR: scratch,
    PG_LIBDIR: '/nowhere',
    PG_DLSUFFIX: '.so',
    LC_ALL: 'C.UTF-8',
  };
  const psql = async (...words: readonly string[]): Promise<unknown> =>
    run(join(binFolder, 'psql'), ['--no-psqlrc', '--quiet', '--output=/dev/null', ...words], {
      env: environment,
      cwd: scratch,
      maxBuffer: 1 << 28,
    });
  try {
    await psql('--dbname=postgres', '--command=create database regression template template0');
    const groups = readFileSync(join(suite, 'parallel_schedule'), 'utf8').matchAll(/^test: (.*)$/gm);
    for (const [, names = ''] of groups) {
      const scripts = names
        .trim()
        .split(/\s+/)
        .filter((name) => !left.has(name));
      await Promise.all(scripts.map((name) => psql(`--file=${join(suite, 'sql', `${name}.sql`)}`)));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

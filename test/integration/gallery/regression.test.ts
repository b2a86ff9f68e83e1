import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { startCluster, type Cluster } from '../../../src/postgres/cluster.ts';
import { startLoadingCluster, type LoadingCluster } from '../../../src/postgres/loading-cluster.ts';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import type { Services } from '../../services/services.ts';
import { makeRegressionDatabase, regressionSuite } from '../../services/regression-suite.ts';
import { runSql, whoMayDoWhat } from '../dump/stock-tools.ts';
import { folderStore, manifestOf } from '../restore/restored.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { intoThrowAwayCluster } from './throw-away.ts';

const services = inject('services');
const { major } = services.postgres;
const suite = regressionSuite(major);
const source = 'regression';

/** Of columns that children of inheritance have, pg_dump keeps no order beside their parents'. */
function linesOf(definitions: string): readonly string[] {
  return definitions
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .sort();
}

// `bin/setup.js test` says why there is none.
describe.skipIf(suite === undefined)("the database of Postgres' own regression tests", () => {
  let cluster: Cluster;
  let own: Services;
  let scratch: LoadingCluster;
  beforeAll(async () => {
    // Its scripts make roles and change settings of the server.
    const settings = { autovacuum: 'off', max_locks_per_transaction: '256' };
    cluster = await startCluster({ major, tcp: true, settings });
    const { port, user, password } = cluster;
    own = { ...services, postgres: { way: 'native', host: '127.0.0.1', port, user, password, major } };
    scratch = await startLoadingCluster(major, new AbortController().signal);
    await makeRegressionDatabase(suite ?? '', own.postgres);
  }, 180_000);
  afterAll(async () => {
    await cluster.stop();
    await scratch.stop();
  });

  test.for(['custom', 'directory'] as const)('comes back: %s', async (format) => {
    const store = await folderStore();
    const options = {
      environment: environmentFor(own, source, store.settings),
      repository: store.repository,
      password: own.postgres.password,
    };
    const dumped = await attempt(postgresDump, { format, fingerprint: 'content' }, options);
    const manifest = await manifestOf(store.repository, dumped.result.outputs?.['artifact'] ?? '');
    expect(dumped.said.warnings).toEqual([]);
    expect(manifest.fingerprint.tables.length).toBeGreaterThan(500);
    await attempt(artifactVerify, { artifact: manifest.name }, options);
    const database = `restored_${format}`;
    await attempt(
      postgresRestore,
      { artifact: manifest.name, database, 'same-server': true, jobs: 2 },
      options,
    );
    const environment = environmentFor(own, database, store.settings);
    await attempt(restoreCompare, { artifact: manifest.name, from: 'test' }, { ...options, environment });
    const privileges = manifest.files.find(({ role }) => role === 'privileges');
    expect(await runSql(own, database, join(store.folder, privileges?.key ?? ''))).toBe('');
    expect(linesOf(await whoMayDoWhat(own, database))).toEqual(linesOf(await whoMayDoWhat(own, source)));
    await intoThrowAwayCluster(scratch.postgres, manifest.name, options);
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { listObjects, plainDump } from '../integration/dump/stock-tools.ts';
import type { RunningService } from '../services/running-service.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { onSecondPostgres, startSecondPostgres } from '../services/second-postgres.ts';
import type { PostgresService } from '../services/services.ts';
import { createWorkspace, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
let second: RunningService<PostgresService>;
let workspace: Workspace;
let original: TestDatabase;
let staging: TestDatabase;
let dumped: readonly string[];

beforeAll(async () => {
  second = await startSecondPostgres(services);
  workspace = await createWorkspace();
  original = await createDatabase(services);
  const elsewhere = onSecondPostgres(services, second.service);
  staging = await createDatabase(elsewhere);
  await original.query(await readFile(new URL('../fixtures/every-kind.sql', import.meta.url), 'utf8'));
  dumped = linesOf(await plainDump(services, original.name));
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    postgres: ${postgresYaml(services, original.name)}
    repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} }
  staging:
    postgres: ${postgresYaml(elsewhere, staging.name, { password: '{ env: STAGING_PASSWORD }' })}
  scratch:
    postgres: { ephemeral: true }
`,
  );
});
afterAll(async () => {
  await workspace.remove();
  await dropDatabase(services, original);
  await second.stop();
});

/** Of a dump, without the random tokens that guard psql's restricted mode. */
function linesOf(dump: string): readonly string[] {
  return dump.replaceAll(/^\\(un)?restrict .*$/gm, '').split('\n');
}

test.each([
  ['custom', 'staging'],
  ['directory', 'scratch'],
])(
  'a database of every kind of object: a %s dump restored into %s is equal in every object, and dropped',
  async (format, environment) => {
    await workspace.write(
      'plans/drill.yaml',
      `environment: ${environment}
timeout: 10m
prepare:
  - task: postgres-dump
    environment: prod
    with: { fingerprint: content, format: ${format} }
steps:
  - task: postgres-restore
    with: { from: prod, database: "\${run.scratch}", jobs: 2 }
  - task: restore-compare
  - run: |
      pg_dump --no-owner --no-privileges --no-blobs >restored.sql
      psql ${listObjects[0]} "${listObjects[1]}" >>restored.sql
cleanup:
  - task: postgres-drop
`,
    );
    const variables = { ...secretVariables(services), STAGING_PASSWORD: second.service.password };
    const told = await workspace.run(['drill'], variables);
    expect(told.code, told.text).toBe(0);
    const restored = linesOf(await readFile(join(workspace.folder, 'restored.sql'), 'utf8'));
    // Whole dumps would be printed by a failed comparison.
    expect(restored.find((line, number) => line !== dumped[number])).toBeUndefined();
    expect(restored).toHaveLength(dumped.length);
    expect(dumped.some((line) => line.startsWith('CREATE SUBSCRIPTION'))).toBe(true);
    expect(await staging.query("select datname from pg_database where datname like 'scratch%'")).toEqual([]);
  },
);

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { plainDump } from '../integration/dump/stock-tools.ts';
import type { RunningService } from '../services/running-service.ts';
import { createDatabase, dropDatabase } from '../services/database.ts';
import { startSecondPostgres } from '../services/second-postgres.ts';
import type { PostgresService } from '../services/services.ts';
import { createDrill } from './drill-application.ts';

const services = inject('services');
let second: RunningService<PostgresService>;

beforeAll(async () => {
  second = await startSecondPostgres(services);
});
afterAll(() => second.stop());

test.each([
  ['custom', 'staging'],
  ['directory', 'staging'],
  ['directory', 'scratch'],
])(
  'a database of every kind of object: a %s dump restored into %s is equal in every object, and dropped',
  async (format, environment) => {
    const drill = await createDrill(services, { second: second.service, bookings: 20 });
    onTestFinished(() => drill.remove());
    const original = await createDatabase(services);
    onTestFinished(() => dropDatabase(services, original));
    const everyKind = new URL('../fixtures/every-kind.sql', import.meta.url);
    await original.query(await readFile(everyKind, 'utf8'));
    const environments = await readFile(join(drill.workspace.folder, 'plans/environments.yaml'), 'utf8');
    await drill.workspace.write(
      'plans/environments.yaml',
      environments.replace(drill.production.name, original.name),
    );
    await drill.workspace.write(
      'plans/drill-staging.yaml',
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
  - run: pg_dump --no-owner --no-privileges --file=restored.sql
cleanup:
  - task: postgres-drop
`,
    );
    const told = await drill.workspace.run(['drill-staging'], drill.variables);
    expect(told.code, told.text).toBe(0);
    const lines = (dump: string): readonly string[] =>
      dump.replaceAll(/^\\(un)?restrict .*$/gm, '').split('\n');
    const restored = lines(await readFile(join(drill.workspace.folder, 'restored.sql'), 'utf8'));
    const dumped = lines(await plainDump(services, original.name));
    // Whole dumps would be printed by a failed comparison.
    expect(restored.find((line, number) => line !== dumped[number])).toBeUndefined();
    expect(restored).toHaveLength(dumped.length);
    expect(dumped.some((line) => line.startsWith('CREATE SUBSCRIPTION'))).toBe(true);
    expect(await drill.leftovers()).toEqual([]);
  },
);

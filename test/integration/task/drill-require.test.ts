import { expect, test } from 'vitest';
import { markDrilled } from '../../../src/artifact/drill-mark.ts';
import { readManifest } from '../../../src/artifact/store.ts';
import type { Environment, PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import requires from '../../../tasks/drill-require.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';
import { attempt, type AttemptOptions } from './attempt.ts';

const day = 86_400_000;
const { signal } = new AbortController();
const postgres: PostgresEndpoint = {
  host: '127.0.0.1',
  port: 1,
  user: 'nobody',
  database: 'cleaning',
  sslmode: 'disable',
};
const prod: Environment = { name: 'prod', protected: true, postgres };

/** Artifacts made so many days ago, oldest first, and their names. */
async function stored(
  ages: readonly number[],
  database = 'cleaning',
  repository = memoryRepository(),
): Promise<{ readonly repository: MemoryRepository; readonly names: readonly string[] }> {
  const names: string[] = [];
  for (const age of ages) {
    const createdAt = new Date(Date.now() - age * day).toISOString().replace(/\.\d+Z$/, 'Z');
    names.push((await storeArtifact(repository, createdAt, { database })).name);
  }
  return { repository, names };
}

async function drill(repository: MemoryRepository, name = '', daysAgo = 0): Promise<void> {
  const { sha256: manifestSha256 } = await readManifest(repository, name);
  const drilledAt = new Date(Date.now() - daysAgo * day);
  const run = { runId: 'drill-prod-20250102T030000Z-3fa9', plan: 'drill-prod', recoveryMs: 4_200_000 };
  await markDrilled(repository, { name, drilledAt, manifestSha256, ...run }, signal);
}

function required(
  repository: MemoryRepository,
  parameters: Parameters<typeof requires.run>[1],
  options: Partial<AttemptOptions> = {},
): ReturnType<typeof attempt> {
  return attempt(requires, parameters, { environment: prod, repository, password: 'unused', ...options });
}

test('an artifact that was drilled passes, however long ago, and its name is the output', async () => {
  const { repository, names } = await stored([400, 1]);
  await drill(repository, names[0], 399);
  const { result, said } = await required(repository, { artifact: names[0] ?? '' });
  expect(result.outputs).toEqual({ artifact: names[0] });
  expect(result.facts).toMatchObject({
    drill: { runId: 'drill-prod-20250102T030000Z-3fa9', plan: 'drill-prod', recoveryMs: 4_200_000 },
    checks: [{ state: 'passed' }],
  });
  expect(said.notes).toEqual([
    expect.stringMatching(`^${names[0] ?? '-'} was drilled 399d ago, on .* by drill-prod-.*took 1h 10m`),
  ]);
});

test('a younger drill of another artifact counts only when a greatest age is given', async () => {
  const { repository, names } = await stored([30, 1]);
  await drill(repository, names[0], 20);
  await expect(required(repository, {})).rejects.toMatchObject({
    code: 'drill-missing',
    exitCode: 20,
    message: expect.stringContaining(
      `no drill has restored ${names[1] ?? '-'} with success; the last: ${names[0] ?? '-'}`,
    ),
    hint: `Drill it first: run-plan drill-prod --set artifact=${names[1] ?? '-'}`,
    facts: { checks: [{ state: 'failed' }] },
  });
  const { result } = await required(repository, { 'max-age': '21d' });
  expect(result.outputs).toEqual({ artifact: names[1] });
  expect(result.facts).toMatchObject({ drill: { name: names[0] } });
});

test('a drill that is too old does not count', async () => {
  const { repository, names } = await stored([30, 1]);
  await drill(repository, names[0], 20);
  await expect(required(repository, { 'max-age': '19d' })).rejects.toMatchObject({
    code: 'drill-missing',
    message: expect.stringContaining('within 19d'),
  });
});

test('of several drills the newest speaks', async () => {
  const { repository, names } = await stored([30, 29, 1]);
  await drill(repository, names[0], 2);
  await drill(repository, names[1], 20);
  const { result } = await required(repository, { 'max-age': '30d' });
  expect(result.facts).toMatchObject({ drill: { name: names[0] } });
});

test('a drill of another database or environment does not count', async () => {
  const { repository } = await stored([1]);
  const { names } = await stored([1], 'shop', repository);
  await drill(repository, names[0]);
  const staging = await storeArtifact(repository, '2025-01-01T02:00:00Z', { environment: 'staging' });
  await drill(repository, staging.name);
  await expect(required(repository, { 'max-age': '100d' })).rejects.toMatchObject({
    code: 'drill-missing',
    hint: expect.stringContaining('run-plan DRILL-PLAN --set artifact=pg_cleaning_'),
  });
});

test('a damaged artifact is refused whatever was drilled', async () => {
  const { repository, names } = await stored([30, 1]);
  await drill(repository, names[0]);
  repository.objects.delete(`${names[1] ?? ''}.dump.zst`);
  const parameters = { artifact: names[1] ?? '', 'max-age': '100d' };
  await expect(required(repository, parameters)).rejects.toMatchObject({ code: 'artifact-damaged' });
});

test('looks into the repository of another environment, for the database configured there', async () => {
  const { repository, names } = await stored([1]);
  await stored([0], 'shop', repository);
  await drill(repository, names[0]);
  const { result } = await required(
    memoryRepository(),
    { from: 'prod' },
    {
      environment: { name: 'scratch', protected: false, postgres: { ...postgres, database: 'scratch_1' } },
      others: [{ environment: prod, repository }],
    },
  );
  expect(result.outputs).toEqual({ artifact: names[0] });
});

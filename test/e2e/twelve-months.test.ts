import { declared } from '../fixtures/declared.ts';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { prune } from '../../src/artifact/prune.ts';
import { planPrune } from '../../src/artifact/prune-plan.ts';
import { listArtifacts } from '../../src/artifact/store.ts';
import { systemClock } from '../../src/base/clock.ts';
import { buildPipeline } from '../../src/run/build-pipeline.ts';
import type { Pipeline } from '../../src/run/pipeline.ts';
import { runPipeline } from '../../src/run/run-pipeline.ts';
import type { RunHost } from '../../src/run/run-host.ts';
import type { Environment } from '../../src/language/environment/environment.ts';
import { createProcessGroups } from '../../src/process/process-groups.ts';
import type { Plan } from '../../src/language/plan/plan.ts';
import { openRepository } from '../../src/store/open.ts';
import type { Repository } from '../../src/store/repository.ts';
import { createRedactor } from '../../src/process/secrets/redactor.ts';
import { createSecretStore } from '../../src/process/secrets/secret-store.ts';
import type { Task } from '../../src/task/contract.ts';
import { builtInValidator } from '../../src/task/registry.ts';
import pruneTask from '../../tasks/artifact-prune.ts';
import verify from '../../tasks/artifact-verify.ts';
import dump from '../../tasks/postgres-dump.ts';
import { storeArtifact } from '../fixtures/stored-artifact.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const dayMs = 86_400_000;
const nights = 365;
const services = inject('services');
const environmentVariables = { ...process.env, TEST_PGPASSWORD: services.postgres.password };
const secrets = createSecretStore({ environment: environmentVariables, redactor: createRedactor() });
let workspace: Workspace;
let database: TestDatabase;
let nightly: Pipeline;
let repository: Repository;

beforeAll(async () => {
  workspace = await createWorkspace();
  database = await createDatabase(services);
  await database.query('create table bookings (night int primary key)');
  const { host, port, user } = services.postgres;
  const environment: Environment = {
    name: 'prod',
    protected: false,
    postgres: {
      ...{ host, port, user, database: database.name, sslmode: 'disable' },
      password: { kind: 'env', name: 'TEST_PGPASSWORD', position: 'test' },
    },
    repository: { store: { kind: 'folder', folder: workspace.repositoryFolder } },
  };
  if (environment.repository === undefined) throw new Error('it has just been given one');
  repository = await openRepository(environment.repository, secrets);
  const tasks = await Promise.all(
    ([dump, verify, pruneTask] as Task[]).map(
      async (task) => [task.name, { task, validate: await builtInValidator(task.name) }] as const,
    ),
  );
  const environments = new Map([[environment.name, environment]]);
  const parts = { tasks: new Map(tasks), environments, assignments: {} };
  nightly = buildPipeline(plan, parts);
});

afterAll(async () => {
  await repository.close();
  await dropDatabase(services, database);
  await workspace.remove();
});

const retention = { keepWithinMs: 14 * dayMs, keepWeekly: 4, keepMonthly: 3, keepAtLeast: 3 };
const plan: Plan = {
  name: 'nightly-prod',
  file: 'plans/nightly-prod.yaml',
  hash: 'a'.repeat(64),
  environment: 'prod',
  timeZone: 'Europe/Berlin',
  schedule: [],
  objectives: {},
  timeoutMs: 86_400_000,
  retention,
  parameters: [],
  steps: ['postgres-dump', 'artifact-verify', 'artifact-prune'].map((task) => ({
    id: task,
    name: task,
    phase: 'steps',
    position: 'plans/nightly-prod.yaml:1:1',
    environment: 'prod',
    action: { kind: 'task', task, parameters: {} },
    stallTimeoutMs: 1_800_000,
    retry: { times: 0, delayMs: 0, backoff: 'constant' },
    continueOnFailure: false,
  })),
};

/**
 * Whether a night dumps, `age` days before the last: every one that can be kept at the end (of the last days, weeks and
 * months, whose newest are kept), and some that are pruned.
 */
function isDumped(now: Date, age: number): boolean {
  const tomorrow = new Date(now.getTime() + dayMs);
  const endsWeek = now.getUTCDay() === 0;
  const endsMonth = tomorrow.getUTCDate() === 1;
  return age < 20 || (endsWeek && age < 45) || (endsMonth && age < 125);
}

/** A night that stores what pruning takes for an artifact, and prunes. */
async function standIn(now: Date): Promise<void> {
  await storeArtifact(repository, now.toISOString(), { database: database.name });
  const { signal } = new AbortController();
  const { environment, timeZone } = plan;
  const decided = await planPrune(repository, {
    environment,
    policy: retention,
    timeZone,
    now,
    signal,
    debrisAgeMs: 86_400_000,
  });
  await prune(repository, decided, { signal });
}

/** This host, at another time. */
function hostAt(now: Date): RunHost {
  const noLock = { lost: new AbortController().signal, release: () => Promise.resolve() };
  return {
    clock: { ...systemClock, now: () => now },
    random: Math.random,
    hostName: 'test',
    pid: process.pid,
    versions: {},
    environmentVariables,
    workingFolder: workspace.folder,
    stateFolder: `${workspace.folder}/state`,
    secrets,
    redact: (text) => text,
    groups: createProcessGroups(),
    hostLock: { name: 'none', take: () => Promise.resolve(noLock) },
    locks: [],
    sinks: [],
    openRepository: ({ repository: settings }) => {
      if (settings === undefined) throw new Error('the environment has a repository');
      return openRepository(settings, secrets);
    },
    scriptVariables: () => Promise.resolve({}),
    startCluster: () => Promise.reject(new Error('no clusters here')),
    declared: declared(),
    keepers: [],
    cancel: new AbortController().signal,
    reportBug: (stack) => {
      throw new Error(stack);
    },
  };
}

test('twelve months of nightly runs keep what the plan says, every one of them restorable', async () => {
  // The store's clock is the real one: the simulated year ends last night.
  const first = Math.floor(Date.now() / dayMs) * dayMs - nights * dayMs + 2 * 3_600_000;
  const dumped = new Set<number>();
  for (let night = 0; night < nights; night += 1) {
    const now = new Date(first + night * dayMs);
    const age = nights - 1 - night;
    if (isDumped(now, age)) dumped.add(age);
    if (!dumped.has(age)) {
      await standIn(now);
      continue;
    }
    await database.query('insert into bookings values ($1)', [night]);
    const { outcome, record } = await runPipeline(nightly, hostAt(now));
    expect(outcome, JSON.stringify(record?.steps, null, 2)).toBe('succeeded');
  }
  const artifacts = await listArtifacts(repository);
  const ages = artifacts.map(({ createdAt }) => (first + (nights - 1) * dayMs - createdAt.getTime()) / dayMs);
  // Fifteen nights lie within 14 days; the newest of 4 weeks and 3 months stand among them or beyond.
  expect(ages.slice(0, 15)).toEqual(Array.from({ length: 15 }, (_, age) => age));
  expect(ages.length).toBeLessThanOrEqual(15 + 4 + 3);
  expect(Math.max(...ages)).toBeGreaterThan(14);
  expect(Math.max(...ages)).toBeLessThanOrEqual(31 * 3);
  expect(ages.filter((age) => !dumped.has(age))).toEqual([]);
  expect(dumped.size).toBeGreaterThan(ages.length);
  expect(artifacts.every(({ state }) => state === 'verified')).toBe(true);
  const manifests = artifacts.flatMap(({ facts }) => (facts === undefined ? [] : [facts.createdAt]));
  expect(new Set(manifests).size).toBe(artifacts.length);
});

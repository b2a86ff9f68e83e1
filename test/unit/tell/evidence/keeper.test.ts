import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import type { RunHost } from '../../../../src/run/run-host.ts';
import { runPipeline, type RunResult } from '../../../../src/run/run-pipeline.ts';
import { createEvidenceKeeper } from '../../../../src/tell/evidence/keeper.ts';
import { openStateFolder } from '../../../../src/tell/evidence/places.ts';
import { verifyEvidence } from '../../../../src/tell/evidence/verify.ts';
import { Failure } from '../../../../src/base/failure.ts';
import type { PipelineStep } from '../../../../src/run/pipeline.ts';
import type { DrillEvidence } from '../../../../src/language/generated/drill-evidence.types.ts';
import type { TaskResult } from '../../../../src/task/contract.ts';
import {
  fakeHost,
  fakePipeline,
  fakeStep,
  type FakeHost,
  type FakeWork,
} from '../../../fixtures/fake-run.ts';
import { memoryRepository, type MemoryRepository } from '../../../fixtures/memory-repository.ts';
import { restoreFacts } from './recorded-drill.ts';

let stateFolder: string;
let repository: MemoryRepository;
const secrets = { resolve: () => Promise.reject(new Error('no secrets here')) };

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'run-plan-evidence-'));
  repository = memoryRepository();
});

afterEach(() => {
  rmSync(stateFolder, { recursive: true, force: true });
});

const restored: TaskResult = {
  facts: { restore: restoreFacts },
  restored: {
    postgres: { host: 'h', port: 5432, database: 'drill', user: 'u', sslmode: 'disable' },
    artifact: { name: restoreFacts.artifact ?? '', environment: 'prod' },
  },
};

function restoring(work: FakeWork = () => Promise.resolve(restored)): PipelineStep {
  const step = fakeStep('restore', work);
  return step.work.kind === 'task'
    ? { ...step, work: { ...step.work, task: { ...step.work.task, role: 'restore' } } }
    : step;
}

async function run(
  steps: readonly PipelineStep[],
  overrides: Partial<RunHost> = {},
  act?: (host: FakeHost) => void,
): Promise<RunResult> {
  const host = fakeHost(systemClock, {
    stateFolder,
    openRepository: () => Promise.resolve(repository),
    ...overrides,
  });
  const keeper = createEvidenceKeeper({
    stateFolder,
    secrets,
    account: 'sesame-runner',
    clock: systemClock,
    redact: host.redact,
  });
  act?.(host);
  return runPipeline(fakePipeline(steps), { ...host, keepers: [keeper], random: Math.random });
}

function kept(folder = join(stateFolder, 'evidence', 'fake')): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

async function findings(): Promise<number> {
  const places = { stateFolder: await openStateFolder(stateFolder, secrets), repository };
  return (await verifyEvidence(places, 'fake')).findings.length;
}

test('a drill that went well is kept in both places, sealed, and its artifact is marked', async () => {
  const result = await run([restoring()]);
  expect(result.exitCode).toBe(0);
  const names = ['.html', '.json', '.junit.xml', '.md', '.seal.json'].map(
    (suffix) => `${result.runId}${suffix}`,
  );
  expect(kept()).toEqual(names);
  const stored = [...repository.objects.keys()].filter((key) => key.startsWith('evidence/')).sort();
  expect(stored).toEqual(names.map((name) => `evidence/fake/${name}`));
  expect(stored.at(-1)).toBe(`evidence/fake/${result.runId}.seal.json`);
  const mark = [...repository.objects].find(([key]) => key.startsWith(restoreFacts.artifact ?? '-'));
  expect(JSON.parse(String(mark?.[1].bytes))).toMatchObject({
    name: restoreFacts.artifact,
    runId: result.runId,
    manifestSha256: restoreFacts.manifestSha256,
  });
  expect(await findings()).toBe(0);
});

test('what is added to the record is redacted as well', async () => {
  const { runId } = await run([restoring()]);
  const text = readFileSync(join(stateFolder, 'evidence', 'fake', `${runId}.json`), 'utf8');
  expect((JSON.parse(text) as DrillEvidence).where.account).toBe('***-runner');
  for (const [, { bytes }] of repository.objects) expect(bytes.toString()).not.toContain('sesame');
});

test('a failed drill and a cancelled one are kept and mark nothing', async () => {
  const failed = await run([restoring(() => Promise.reject(new Failure('restore-failed', 'no space left')))]);
  const cancelled = await run([restoring()], {}, (host) => {
    host.cancelWith(new Failure('interrupted', 'interrupted by SIGINT'));
  });
  expect([failed.exitCode, cancelled.exitCode]).toEqual([20, 130]);
  const verdicts = [failed, cancelled].map(({ runId }) => {
    const text = readFileSync(join(stateFolder, 'evidence', 'fake', `${runId}.json`), 'utf8');
    return (JSON.parse(text) as DrillEvidence).verdict.state;
  });
  expect(verdicts).toEqual(['failed', 'interrupted']);
  expect([...repository.objects.keys()].filter((key) => key.startsWith('pg_'))).toEqual([]);
  expect(await findings()).toBe(0);
});

test('a part of an artifact marks nothing', async () => {
  await run([
    restoring(() =>
      Promise.resolve({
        ...restored,
        restored: { ...restored.restored, partial: 'table a' } as TaskResult['restored'] & object,
      }),
    ),
  ]);
  expect([...repository.objects.keys()].filter((key) => key.startsWith('pg_'))).toEqual([]);
});

test('a run that restores nothing by its plan, and one that found its plan locked, leave no evidence', async () => {
  await run([fakeStep('dump', () => Promise.resolve({}))]);
  const locked = await run([restoring()], {
    hostLock: { name: 'lock', take: () => Promise.reject(new Failure('locked', 'another run holds it')) },
  });
  expect(locked.exitCode).toBe(12);
  expect(kept()).toEqual([]);
});

test('evidence that the repository does not take makes the run red, and the next run stores it', async () => {
  repository.onRequest = (request, key) => {
    if (key.startsWith('evidence/')) throw new Failure('repository-unreachable', `cannot ${request} ${key}`);
  };
  const first = await run([restoring()]);
  expect(first.exitCode).toBe(20);
  expect(first.record?.error).toMatchObject({ code: 'record-not-stored' });
  expect(kept()).toHaveLength(4);
  repository.onRequest = () => undefined;
  const second = await run([restoring()]);
  expect(second.exitCode).toBe(0);
  expect(kept()).toHaveLength(10);
  expect(repository.objects.has(`evidence/fake/${first.runId}.seal.json`)).toBe(true);
  expect(await findings()).toBe(0);
});

test('a repository that cannot be opened leaves the evidence in the state folder', async () => {
  const failure = new Failure('secret-unavailable', 'pass is locked');
  const { exitCode } = await run([restoring()], { openRepository: () => Promise.reject(failure) });
  expect(exitCode).not.toBe(0);
  expect(kept()).toHaveLength(4);
});

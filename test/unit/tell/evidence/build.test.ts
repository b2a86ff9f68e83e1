import { describe, expect, test } from 'vitest';
import { buildEvidence } from '../../../../src/tell/evidence/build.ts';
import { validate } from '../../../../src/language/generated/drill-evidence.validate.ts';
import type { RunRecord } from '../../../../src/language/generated/run-record.types.ts';
import { badRecord, drillPipeline, earlierDrill, evidenceOf, goodRecord } from './recorded-drill.ts';

const minute = 60_000;

describe('the verdict', () => {
  test('passed: what was restored, how fast, and what it was held against', () => {
    expect(evidenceOf(goodRecord).verdict).toEqual({
      state: 'passed',
      sentence:
        'Passed: pg_cleaning_20261001T020000Z was restored in 1h 30m, within the RTO of 4h (12,404,411 rows compared, 3 checks, 214 tests). Open sign-offs: 1.',
      openSignOffs: 1,
    });
  });

  test('failed: the step and why', () => {
    expect(evidenceOf(badRecord).verdict).toEqual({
      state: 'failed',
      sentence:
        'Failed: step restore-compare: public.bookings has 99,120 rows where the manifest says 99,124.',
      openSignOffs: 0,
    });
  });

  test('failed: the step is known by its id, whatever another one said', () => {
    const alike = badRecord.steps.map((step) => ({
      ...step,
      ...(badRecord.error !== undefined && { error: badRecord.error }),
    }));
    expect(evidenceOf({ ...badRecord, steps: alike }).verdict.sentence).toContain('step restore-compare:');
    expect(evidenceOf({ ...badRecord, steps: alike, failedStep: 'pytest' }).verdict.sentence).not.toContain(
      'step restore-compare:',
    );
  });

  test('RTO missed', () => {
    const evidence = evidenceOf(missed(5 * 60 * minute));
    expect(evidence.verdict.state).toBe('rto-missed');
    expect(evidence.verdict.sentence).toContain(
      'RTO missed: pg_cleaning_20261001T020000Z was restored in 5h, longer than the RTO of 4h.',
    );
    expect(evidence.recoveryTime).toEqual({
      durationMs: 5 * 60 * minute,
      rtoMs: 4 * 60 * minute,
      state: 'missed',
    });
  });

  test('interrupted', () => {
    const evidence = evidenceOf({
      ...goodRecord,
      outcome: 'cancelled',
      exitCode: 130,
      error: { code: 'interrupted', message: 'interrupted by SIGINT' },
    });
    expect(evidence.verdict.sentence).toBe('Interrupted: interrupted by SIGINT. Open sign-offs: 1.');
    expect(evidence.recoveryTime.state).toBe('unknown');
  });

  test('a partial artifact is named, proves no whole one, and meets no RPO', () => {
    const objectives = { rtoMs: 4 * 60 * minute, rpoMs: 24 * 60 * minute };
    const pipeline = { ...drillPipeline, plan: { ...drillPipeline.plan, objectives } };
    const steps = goodRecord.steps.map((step) =>
      step.facts?.['restore'] === undefined
        ? step
        : {
            ...step,
            facts: { restore: { ...step.facts['restore'], artifactPartial: 'only schemas billing' } },
          },
    );
    const build = (record: RunRecord) =>
      buildEvidence({ record, pipeline, restored: new Map(), account: 'a', earlier: [] });
    expect(build(goodRecord).recoveryPointAge.state).toBe('met');
    const evidence = build({ ...goodRecord, steps });
    expect(validate(evidence)).toBe(true);
    expect(evidence.recoveryPointAge.state).toBe('unknown');
    expect(evidence.verdict.sentence).toContain('pg_cleaning_20261001T020000Z (partial) was restored');
    expect(evidence.limits).toContain(
      'pg_cleaning_20261001T020000Z is partial, and proves nothing about whole ones: only schemas billing.',
    );
  });

  test('a recovery point older than the RPO is said with a drill that passed', () => {
    const objectives = { rtoMs: 4 * 60 * minute, rpoMs: 60 * minute };
    const pipeline = { ...drillPipeline, plan: { ...drillPipeline.plan, objectives } };
    const evidence = buildEvidence({
      record: goodRecord,
      pipeline,
      restored: new Map(),
      account: 'a',
      earlier: [],
    });
    expect(evidence.recoveryPointAge.state).toBe('missed');
    expect(evidence.verdict.sentence).toContain(
      'Its recovery point was 4h 6m old, older than the RPO of 1h.',
    );
    expect(evidence.blockers.map(({ kind }) => kind)).toEqual(['objective']);
  });
});

describe('what to work on', () => {
  test('each failed step with its hint', () => {
    expect(evidenceOf(badRecord).blockers).toEqual([
      {
        kind: 'failed',
        step: 'restore-compare',
        what: 'failed: public.bookings has 99,120 rows where the manifest says 99,124',
        toDo: 'see whether the dump was taken while a table was being rewritten',
      },
      { kind: 'failed', step: 'sql-check', what: 'failed: 1 of 3 checks failed', toDo: null },
    ]);
  });

  test('of a missed RTO the steps that took a quarter of it or more', () => {
    const { blockers } = evidenceOf(missed(250 * minute));
    expect(blockers.filter(({ kind }) => kind === 'slow')).toEqual([
      {
        kind: 'slow',
        step: 'postgres-restore',
        what: 'took 1h 3m: 25 % of the recovery time',
        toDo: "begin with its longest part, 'load data': 31m",
      },
    ]);
  });

  test('a step that takes more than twice its median', () => {
    const usual = [1, 2, 3].map((quarters) => {
      const drill = earlierDrill(quarters);
      const steps = drill.steps.map((step) =>
        step.id === 'restore-compare' ? { ...step, durationMs: 4 * minute } : step,
      );
      return { ...drill, steps };
    });
    expect(evidenceOf(goodRecord, usual).blockers).toEqual([
      {
        kind: 'slow',
        step: 'restore-compare',
        what: 'took 9m: its median over the earlier drills is 4m',
        toDo: 'compare its output in the record with that of an earlier drill',
      },
    ]);
    expect(evidenceOf(goodRecord, usual.slice(1)).blockers).toEqual([]);
  });
});

test('evidence has its schema and names what was restored, from where, by whom', () => {
  const evidence = evidenceOf(goodRecord, [earlierDrill(1)]);
  expect(validate(evidence)).toBe(true);
  expect(evidence.where).toMatchObject({
    owner: 'platform@cleaning.example',
    host: 'drill1.internal',
    account: 'run-plan',
  });
  expect(evidence.restores).toHaveLength(1);
  expect(evidence.restores[0]).toMatchObject({
    artifact: 'pg_cleaning_20261001T020000Z',
    sha256: 'a1'.repeat(32),
    manifestSha256: 'b2'.repeat(32),
    jobs: 4,
  });
  const restoreStep = evidence.steps.find(({ id }) => id === 'postgres-restore');
  expect(restoreStep?.phases[0]).toEqual({
    name: 'download',
    offsetMs: 2_000,
    durationMs: 4 * minute,
    bytes: 21_400_000_000,
    megabytesPerSecond: 89.17,
  });
  expect(evidence.trend.points.map(({ runId }) => runId)).toEqual([earlierDrill(1).runId, goodRecord.runId]);
});

test('what a drill does not prove is said of that drill', () => {
  const whole = evidenceOf(goodRecord).limits.join('\n');
  expect(whole).toContain('Nobody has signed this off yet: Create a booking');
  expect(whole).not.toContain('contents not compared');
  const partial = buildEvidence({
    record: { ...goodRecord, steps: goodRecord.steps.filter(({ id }) => id === 'postgres-restore') },
    pipeline: drillPipeline,
    restored: new Map([
      [
        'prod',
        {
          postgres: { host: 'h', port: 1, database: 'd', user: 'u', sslmode: 'disable' },
          partial: 'table public.bookings',
        },
      ],
    ]),
    account: 'a',
    earlier: [],
  }).limits.join('\n');
  expect(partial).toContain(
    'Only a part of pg_cleaning_20261001T020000Z was restored: table public.bookings.',
  );
  expect(partial).toContain("Restored rows were not compared with the manifest's.");
});

function missed(stepsDurationMs: number): RunRecord {
  return {
    ...goodRecord,
    outcome: 'failed',
    exitCode: 22,
    stepsDurationMs,
    error: { code: 'objective-missed', message: 'the steps took longer' },
  };
}

import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { DrillEvidence } from '../../../src/language/generated/drill-evidence.types.ts';
import check from '../../../tasks/drill-check.ts';
import { declared } from '../../fixtures/declared.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { keepDrill, overwrite } from '../../unit/tell/evidence/kept.ts';
import { earlierDrill } from '../../unit/tell/evidence/recorded-drill.ts';
import { attempt } from '../task/attempt.ts';
import { declaredPlan } from './declared-plan.ts';

const drill = declaredPlan('drill-staging', {
  isDrill: true,
  schedule: [{ calendar: 'quarterly' }],
  timeoutMs: 12 * 3_600_000,
});
/** Drills that are none of this check's: without a schedule, and with evidence elsewhere. */
const others = [
  declaredPlan('cutover-prod', { isDrill: true }),
  declaredPlan('validate', { isDrill: true, schedule: drill.plan.schedule, keptBy: 'staging' }),
  declaredPlan('nightly', { schedule: drill.plan.schedule }),
];

/** The evidence of a drill in the repository alone. */
async function keep(
  repository: MemoryRepository,
  quarters: number,
  change: Partial<DrillEvidence> = {},
): Promise<string> {
  const evidence = { ...earlierDrill(quarters), ...change };
  await keepDrill({ stateFolder: memoryRepository(), repository }, evidence);
  return evidence.runId;
}

function checked(
  repository: MemoryRepository,
  now: string,
  parameters: Parameters<typeof check.run>[1] = {},
  plans = [drill, ...others],
): ReturnType<typeof attempt> {
  return attempt(check, parameters, {
    environment: { name: 'prod', protected: false },
    repository,
    password: 'unused',
    clock: { ...systemClock, now: () => new Date(now) },
    declared: declared({ plans }),
  });
}

test('an overdue drill is noticed by the evidence in the repository, and one that is in time is not', async () => {
  const repository = memoryRepository();
  await keep(repository, 2);
  const last = await keep(repository, 1);
  const startedAt = new Date(earlierDrill(1).run.startedAt);
  const { result } = await checked(repository, new Date(startedAt.getTime() + 86_400_000).toISOString());
  expect(result.facts).toMatchObject({
    checks: [
      { name: 'drill drill-staging', state: 'passed', found: expect.stringContaining(last) as string },
    ],
  });
  const later = new Date(startedAt.getTime() + 100 * 86_400_000).toISOString();
  await expect(checked(repository, later)).rejects.toMatchObject({
    code: 'check-failed',
    exitCode: 21,
    message: expect.stringMatching(`found ${last} passed 100d ago; the next was due on `) as string,
    facts: { checks: [{ state: 'failed' }] },
  });
  await expect(checked(repository, later, { 'max-age': '101d' })).resolves.toBeDefined();
});

test('drills that failed since do not count, however many', async () => {
  const repository = memoryRepository();
  const passed = await keep(repository, 9);
  const verdict = { state: 'failed', sentence: 'Failed: it did.', openSignOffs: 0 } as const;
  for (const quarters of [3, 2, 1]) await keep(repository, quarters, { verdict });
  await expect(checked(repository, '2026-10-01T06:00:00Z')).rejects.toMatchObject({
    message: expect.stringContaining(`found ${passed} passed`) as string,
  });
});

test('a drill that never passed is overdue, and evidence that cannot be read is named', async () => {
  const repository = memoryRepository();
  await expect(checked(repository, '2026-10-01T06:00:00Z')).rejects.toMatchObject({
    message: expect.stringContaining('none has ever passed') as string,
  });
  const runId = await keep(repository, 1);
  overwrite(repository, `${runId}.json`, '{}');
  await expect(checked(repository, '2026-10-01T06:00:00Z')).rejects.toMatchObject({
    said: {
      warnings: [
        expect.stringMatching(
          /^evidence\/.*is not valid: must have required property .*: no evidence$/,
        ) as string,
      ],
    },
  });
});

test('a check without a drill is red, and so is one of a plan that is none', async () => {
  const repository = memoryRepository();
  const now = '2026-10-01T06:00:00Z';
  await expect(checked(repository, now, {}, others)).rejects.toMatchObject({ code: 'check-failed' });
  await expect(checked(repository, now, { plans: ['nightly'] })).rejects.toMatchObject({
    code: 'plan-invalid',
    message: "plan 'nightly' restores nothing, so it is no drill",
  });
  await expect(checked(repository, now, { plans: ['gone'] })).rejects.toMatchObject({ code: 'plan-invalid' });
});

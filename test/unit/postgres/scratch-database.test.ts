import { expect, test } from 'vitest';
import { identifyRun } from '../../../src/run/run-identity.ts';
import { applicationName } from '../../../src/postgres/application-name.ts';
import { parseScratchName } from '../../../src/postgres/scratch-database.ts';
import { virtualClock } from '../../fixtures/virtual-clock.ts';

function runOf(plan: string): ReturnType<typeof identifyRun> {
  const host = {
    clock: virtualClock(new Date('2025-01-01T02:03:04.567Z')),
    random: () => 0.2481,
    stateFolder: '/no/such',
  };
  // A run is named from nothing of its plan but these two.
  return identifyRun({ plan: { name: plan, hash: '0' } } as Parameters<typeof identifyRun>[0], host);
}

test.each(['drill-staging', `drill-${'very-'.repeat(20)}long`])(
  'the name that a run of %s gives tells of the run and its sessions',
  async (plan) => {
    const run = await runOf(plan);
    const parsed = parseScratchName(run.scratch);
    expect(parsed?.startedAt).toEqual(new Date('2025-01-01T02:03:04Z'));
    expect(run.id.endsWith(parsed?.runIdEnd ?? '-')).toBe(true);
    expect(applicationName(run.id).endsWith(parsed?.runIdEnd ?? '-')).toBe(true);
    expect(applicationName(run.id, 'lock').endsWith(`${parsed?.runIdEnd ?? '-'} lock`)).toBe(true);
  },
);

test.each([
  'cleaning',
  'scratch',
  'scratch_20250101t020304z_3F84',
  'scratch_20250101T020304Z_3f84',
  'scratch_20250101t020304z_3f84_',
  'scratch_20250101t020304z_3f84\n',
  ' scratch_20250101t020304z_3f84',
  'scratch_20250101t020304z_3f841',
  'scratch_20251301t020304z_3f84',
  'my_scratch_20250101t020304z_3f84',
])('%j is no name that a run gives', (name) => {
  expect(parseScratchName(name)).toBeUndefined();
});

import { expect, test } from 'vitest';
import type { DeclaredTimer, DeclaredTimers } from '../../../src/task/declared.ts';
import check from '../../../tasks/timer-check.ts';
import { declared } from '../../fixtures/declared.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { attempt } from '../task/attempt.ts';

const nightly: DeclaredTimer = {
  plan: 'nightly',
  drift: [],
  state: { load: 'loaded', active: 'active', enabled: 'enabled' },
};
const disabled: DeclaredTimer = {
  plan: 'weekly',
  drift: [
    {
      path: 'timers.target.wants/run-plan@weekly.timer',
      reason: 'the timer is not enabled',
      action: 'install',
    },
  ],
};

function checked(
  timers: Partial<DeclaredTimers>,
  parameters: Parameters<typeof check.run>[1] = {},
  broken: readonly string[] = [],
): ReturnType<typeof attempt> & { asked?: string[] } {
  const asked: string[] = [];
  const told: DeclaredTimers = { systemd: { kind: 'asked' }, timers: [nightly], others: [], ...timers };
  const outcome = attempt(check, parameters, {
    environment: { name: 'prod', protected: false },
    repository: memoryRepository(),
    password: 'unused',
    declared: declared({
      broken,
      timers: (of) => {
        asked.push(of);
        return Promise.resolve(told);
      },
    }),
  });
  return Object.assign(outcome, { asked });
}

test('every timer is judged though one is disabled, which fails the step', async () => {
  const outcome = checked({ timers: [disabled, nightly] });
  await expect(outcome).rejects.toMatchObject({
    code: 'check-failed',
    exitCode: 21,
    message: expect.stringContaining('1 of 2 checks of the timers failed: timer of weekly') as string,
    facts: { checks: [{ state: 'failed' }, { name: 'timer of nightly', state: 'passed' }] },
  });
  expect(outcome.asked).toEqual(['system']);
  await expect(checked({ timers: [disabled, nightly] }, { plans: ['nightly'] })).resolves.toBeDefined();
});

test("an account's own timers are asked for where that is said", async () => {
  const outcome = checked({}, { of: 'user' });
  await expect(outcome).resolves.toMatchObject({ result: { facts: { systemd: 'asked' } } });
  expect(outcome.asked).toEqual(['user']);
});

test('a plan with errors is red: its timer goes on starting what can only fail', async () => {
  await expect(checked({}, {}, ['nightly-prod'])).rejects.toMatchObject({
    message: expect.stringContaining('timer of nightly-prod: expected a plan without errors') as string,
  });
});

test('on a host without systemd it says so; where systemd runs and does not answer it is red', async () => {
  const reason = 'there is no systemctl here';
  await expect(checked({ systemd: { kind: 'absent', reason }, timers: [disabled] })).resolves.toMatchObject({
    result: { facts: { systemd: 'absent', checks: [] } },
    said: { warnings: [`this host runs without systemd, so it has no timers: ${reason}`] },
  });
  await expect(checked({ systemd: { kind: 'silent', reason: 'Access denied' } })).rejects.toMatchObject({
    code: 'check-failed',
    message: 'systemd runs here and cannot be asked: Access denied',
  });
});

test('nothing to look for is red, and so is a name that no timer has', async () => {
  await expect(checked({ timers: [] })).rejects.toMatchObject({ code: 'check-failed' });
  await expect(checked({}, { plans: ['gone'] })).rejects.toMatchObject({ code: 'plan-invalid' });
});

test('units that belong to no plan fail unless drift is let pass', async () => {
  const others = [{ path: 'run-plan@old.timer', reason: 'no plan', action: 'remove' }] as const;
  await expect(checked({ others })).rejects.toMatchObject({ code: 'check-failed' });
  await expect(checked({ others }, { drift: 'ignore' })).resolves.toBeDefined();
});

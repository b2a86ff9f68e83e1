import { expect, test } from 'vitest';
import { buildPipeline } from '../../../src/run/build-pipeline.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { Plan, Step } from '../../../src/language/plan/plan.ts';
import { fakePipeline } from '../../fixtures/fake-run.ts';

const prod: Environment = { name: 'prod', protected: false };
const staging: Environment = { name: 'staging', protected: false };
const environments = new Map([
  ['prod', prod],
  ['staging', staging],
]);

function step(id: string, more: Partial<Step> = {}): Step {
  return {
    id,
    name: id,
    phase: 'steps',
    position: 'plans/x.yaml:1:1',
    environment: 'prod',
    action: { kind: 'run', script: 'true\nfalse\n' },
    stallTimeoutMs: 1_800_000,
    retry: { times: 0, delayMs: 0, backoff: 'constant' },
    continueOnFailure: false,
    ...more,
  };
}

function plan(steps: readonly Step[], more: Partial<Plan> = {}): Plan {
  return { ...fakePipeline([]).plan, steps, ...more };
}

function build(from: Plan, assignments: Record<string, string> = {}): ReturnType<typeof buildPipeline> {
  return buildPipeline(from, { tasks: new Map(), environments, assignments });
}

test('phases come in their order, each step with its environment', () => {
  const pipeline = build(
    plan([
      step('c', { phase: 'cleanup' }),
      step('b', { environment: 'staging' }),
      step('a', { phase: 'prepare' }),
    ]),
  );
  expect(pipeline.steps.map(({ id, environment }) => [id, environment.name])).toEqual([
    ['a', 'prod'],
    ['b', 'staging'],
    ['c', 'prod'],
  ]);
});

test('a step’s deadline is its own, else the plan’s, else a day', () => {
  const steps = [step('a', { timeoutMs: 1 }), step('b')];
  expect(build(plan(steps, { timeoutMs: 2 })).steps.map(({ timeoutMs }) => timeoutMs)).toEqual([1, 2]);
  expect(build(plan(steps)).steps[1]).toMatchObject({ timeoutMs: 86_400_000, stallTimeoutMs: 1_800_000 });
});

test('a question to a person waits for as long as its step may take, which ends before it counts as stalled', () => {
  const confirm = step('a', {
    action: { kind: 'confirm', text: 'Look' },
    stallTimeoutMs: 5,
    timeoutMs: 1000,
  });
  expect(build(plan([confirm, step('b', { stallTimeoutMs: 5 })])).steps).toMatchObject([
    { timeoutMs: 1000, stallTimeoutMs: 1005 },
    { stallTimeoutMs: 5 },
  ]);
});

test('parameters are defaults unless --set says otherwise', () => {
  const withParameters = plan([], {
    parameters: [{ name: 'artifact', default: 'latest' }, { name: 'size' }],
  });
  expect(build(withParameters, { size: '3' }).parameters).toEqual({ artifact: 'latest', size: '3' });
  expect(() => build(withParameters)).toThrow("parameter 'size' of plan fake has no value");
  expect(() => build(withParameters, { size: '3', sise: '4' })).toThrow("plan fake has no parameter 'sise'");
});

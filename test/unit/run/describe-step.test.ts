import { expect, test } from 'vitest';
import { describeStep } from '../../../src/run/describe-step.ts';
import type { PipelineStep } from '../../../src/run/pipeline.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import { fakeStep } from '../../fixtures/fake-run.ts';

const staging: Environment = {
  name: 'staging',
  protected: false,
  postgres: {
    host: 'staging.internal',
    port: 5432,
    database: 'shop',
    user: 'app',
    password: { kind: 'env', name: 'PASSWORD', position: 'test:1:1' },
    sslmode: 'prefer',
  },
};

/** A step whose description is its parameters and the database of its environment. */
function telling(
  id: string,
  role: 'restore' | 'check' | 'other',
  parameters: Record<string, unknown>,
  environment = staging,
): PipelineStep {
  const step = fakeStep(id, () => Promise.resolve({}));
  if (step.work.kind !== 'task') throw new Error('a fake step is a task');
  const task = {
    ...step.work.task,
    role,
    outputs: ['database'],
    describe: (given: object, { postgres }: Environment) => [
      `${JSON.stringify(given)} on ${postgres?.database ?? 'none'}`,
    ],
  };
  return { ...step, environment, work: { ...step.work, task, parameters } };
}

function describeAll(...steps: PipelineStep[]): readonly string[] {
  const pipeline = { parameters: { artifact: 'oldest' }, steps };
  return steps.flatMap((step) => describeStep(step, pipeline));
}

test('parameters have their values; what only the run knows stays as it is written', () => {
  const written = {
    artifact: '${parameters.artifact}',
    list: ['${run.scratch}', '${run.id}', '${steps.a.database}', 'a $${literal}'],
  };
  expect(describeAll(telling('a', 'other', written))).toEqual([
    '{"artifact":"oldest","list":["${run.scratch}","${run.id}","${steps.a.database}","a ${literal}"]} on shop',
  ]);
});

test('a check looks at what was restored before it, in its own environment', () => {
  const other = { ...staging, name: 'other' };
  expect(
    describeAll(
      telling('before', 'check', {}),
      telling('restore', 'restore', {}),
      telling('after', 'check', {}),
      telling('elsewhere', 'check', {}, other),
      telling('no-check', 'other', {}),
    ),
  ).toEqual(['{} on shop', '{} on shop', '{} on the restored database', '{} on shop', '{} on shop']);
});

test('a script and a question describe themselves; a task without words of its own by its description', () => {
  const fake = fakeStep('x', () => Promise.resolve({}));
  const script: PipelineStep = { ...fake, work: { kind: 'run', script: 'true\nfalse\n' } };
  const question: PipelineStep = {
    ...fake,
    work: { kind: 'confirm', text: 'Is ${parameters.artifact} fine?' },
  };
  expect(describeAll(script, question, fake)).toEqual([
    'true',
    'false',
    'ask a person: Is oldest fine?',
    'x',
  ]);
});

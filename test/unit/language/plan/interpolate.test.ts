import { expect, test } from 'vitest';
import {
  interpolate,
  interpolateText,
  interpolationsIn,
  type InterpolationScope,
} from '../../../../src/language/plan/interpolate.ts';
import { fc } from '../../../fixtures/property.ts';

const scope: InterpolationScope = {
  parameters: { artifact: 'latest', empty: '', dollar: '${run.id}' },
  run: { id: 'nightly-1', scratch: 'drill_1' },
  steps: { dump: { artifact: 'pg_cleaning_20250101T020000Z' } },
};

test('every kind of name is put in place, in nested values too', () => {
  expect(
    interpolate(
      { a: ['${parameters.artifact}', { b: '${run.id}/${steps.dump.artifact}' }], n: 4, t: true, x: null },
      scope,
    ),
  ).toEqual({
    a: ['latest', { b: 'nightly-1/pg_cleaning_20250101T020000Z' }],
    n: 4,
    t: true,
    x: null,
  });
  expect(interpolateText('[${parameters.empty}]', scope)).toBe('[]');
});

test('a value is not read again for names', () => {
  expect(interpolateText('${parameters.dollar}', scope)).toBe('${run.id}');
});

test('two dollars stand for a plain one', () => {
  expect(interpolateText('$${parameters.artifact} $x $$', scope)).toBe('${parameters.artifact} $x $$');
});

test.each([
  '${steps.verify.artifact}',
  '${parameters.other}',
  '${parameters.constructor}',
  '${steps.__proto__.x}',
  '${nonsense}',
])('%s has no value and stops the step', (text) => {
  expect(() => interpolateText(text, scope)).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
});

test('text without a brace after a dollar stays as it is', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('${')),
      (text) => interpolateText(text, scope) === text,
    ),
  );
});

test('names are found with their offsets', () => {
  expect(interpolationsIn('a ${run.id} $${x} ${bad}')).toEqual([
    { expression: 'run.id', offset: 2, length: 9, name: { kind: 'run', name: 'id' } },
    { expression: 'bad', offset: 18, length: 6, name: undefined },
  ]);
});

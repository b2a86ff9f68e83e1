import { expect, test } from 'vitest';
import { parseAssignments } from '../../../src/cli/assignments.ts';

test('the value is everything behind the first equals sign', () => {
  expect(parseAssignments(['artifact=latest', 'query=a=b', 'empty='])).toEqual({
    artifact: 'latest',
    query: 'a=b',
    empty: '',
  });
});

test.each([[['artifact']], [['=latest']], [['a=1', 'a=2']]])('%j is a usage error', (words) => {
  expect(() => parseAssignments(words)).toThrow(expect.objectContaining({ code: 'usage' }));
});

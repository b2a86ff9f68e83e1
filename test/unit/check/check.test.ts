import { expect, test } from 'vitest';
import { factOf, findingOf, tellChecks, type Check } from '../../../src/check/check.ts';

const scarce: Check = {
  what: 'space of /srv',
  state: 'warn',
  expected: 'at least 5 % free',
  found: '6 % free',
};

test('the same check is a fact of a record and a finding of a doctor, each with the keys that it has always had', () => {
  expect(factOf(scarce)).toEqual({
    name: 'space of /srv',
    state: 'passed',
    expected: 'at least 5 % free',
    found: '6 % free',
  });
  expect(findingOf('this host', scarce)).toEqual({
    subject: 'this host',
    what: 'space of /srv',
    state: 'warn',
    found: '6 % free',
  });
});

test('what could not be looked at says why, and has found nothing', () => {
  expect(factOf({ what: 'server db', state: 'fail', found: 'nobody listens there' })).toEqual({
    name: 'server db',
    state: 'failed',
    message: 'nobody listens there',
  });
});

test('what may fail one day is told as a warning, what failed and what is fine are not', () => {
  const warned: string[] = [];
  const checks = (['ok', 'warn', 'fail'] as const).map((state) => ({ ...scarce, state }));
  const facts = tellChecks({ warn: (text) => void warned.push(text) }, checks);
  expect(warned).toEqual(['space of /srv: 6 % free']);
  expect(facts.map(({ state }) => state)).toEqual(['passed', 'passed', 'failed']);
});

import { expect, test } from 'vitest';
import { applicationName } from '../../../src/postgres/application-name.ts';

test('a run’s id is its application_name', () => {
  expect(applicationName('nightly-prod-20250101T020000Z-3fa9')).toBe('nightly-prod-20250101T020000Z-3fa9');
});

test('of a long id the end is kept, which tells runs apart, within what the server keeps', () => {
  const long = `${'very-'.repeat(20)}long-20250101T020000Z`;
  expect(applicationName(`${long}-3fa9`)).toHaveLength(63);
  expect(applicationName(`${long}-3fa9`)).not.toBe(applicationName(`${long}-77b1`));
  expect(applicationName(`${long}-3fa9`, 'lock')).toMatch(/-3fa9 lock$/);
  expect(applicationName(`${long}-3fa9`, 'lock')).toHaveLength(63);
});

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { resumeCommand, shellWord } from '../../../src/recovery/wish.ts';

const settled = {
  from: 'prod',
  artifact: 'pg_cleaning_20250101T020000Z',
  to: 'staging',
  database: 'cleaning_restored_20250102T030405',
};

test('every choice is written out, and the confirmation is left to whoever types it', () => {
  expect(resumeCommand({ compare: true, ...settled }, {})).toBe(
    'run-plan restore --from prod --artifact pg_cleaning_20250101T020000Z --to staging --database cleaning_restored_20250102T030405 --resume',
  );
});

test('flags of the first try are kept', () => {
  const flags = {
    compare: false,
    jobs: 'auto' as const,
    onlyTable: ['a b', "o'clock"],
    accept: ['audit.*'],
    roles: true as const,
    yes: 'prod',
  };
  expect(resumeCommand({ ...flags, ...settled, sameServer: true }, { config: '/etc/run plan.yaml' })).toBe(
    String.raw`run-plan restore --from prod --artifact pg_cleaning_20250101T020000Z --to staging --database cleaning_restored_20250102T030405 --jobs auto --only-table 'a b' --only-table 'o'\''clock' --roles --same-server --accept 'audit.*' --no-compare --resume --yes prod --config '/etc/run plan.yaml'`,
  );
});

test.each(['plain', "o'clock", '$(date) `x` "y"', 'a b\nc', '', '~root', '*'])(
  'a shell reads %j as one word',
  (word) => {
    const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(word)}`], { encoding: 'utf8' });
    expect(stdout).toBe(word);
  },
);

import { expect, test } from 'vitest';
import { plainSurface, render } from '../../../src/base/terminal/blocks.ts';
import {
  doneBlocks,
  failedBlocks,
  type DoneRestore,
  type FailedRestore,
} from '../../../src/recovery/outcome.ts';

const reading = { now: new Date('2025-01-02T02:00:00Z'), timeZone: 'UTC' };
const doneWords = (done: DoneRestore): string => render(doneBlocks(done, reading), plainSurface);
const failedWords = (restore: FailedRestore): string => render(failedBlocks(restore), plainSurface);

const endpoint = {
  host: 'db.internal',
  port: 5432,
  user: 'app',
  database: 'My "copy"',
  sslmode: 'prefer' as const,
  password: { kind: 'env' as const, name: 'SECRET_NAME', position: 'x:1:1' },
};
const failed: FailedRestore = {
  endpoint,
  left: { exists: false, comment: null },
  existedBefore: false,
  isSingleTransaction: false,
  resume: 'run-plan restore --resume',
};

function unfinished(state: string): string {
  const facts = {
    artifact: 'pg_a_20250101T020000Z',
    manifestSha256: 'f'.repeat(64),
    runId: 'x',
    partial: null,
    state,
  };
  return `run-plan restore ${JSON.stringify(facts)}`;
}

test('after success: what, as of when, where, and how to drop it', () => {
  const done = {
    source: 'pg_a_20250101T020000Z of prod',
    recoveryPoint: new Date('2025-01-01T02:00:00.000Z'),
    endpoint,
    isNew: true,
    isDoubtful: false,
  };
  expect(doneWords(done)).toBe(
    `
  restored    pg_a_20250101T020000Z of prod, as of 1d ago (2025-01-01 02:00 UTC)
  into        My "copy" on db.internal:5432
  look at it  psql 'host=db.internal port=5432 user=app dbname='\\''My "copy"'\\'''
  drop it     psql 'host=db.internal port=5432 user=app dbname=postgres' --command='drop database "My ""copy"""'
`,
  );
  expect(doneWords({ ...done, isNew: false })).not.toContain('drop');
  expect(doneWords({ ...done, isDoubtful: true })).toContain('not proven');
  expect(doneWords({ ...done, endpoint: undefined })).toContain('gone now');
});

test.each([
  ['loading', 'rows may be missing'],
  ['loaded', 'every row is there'],
])('an unfinished database (%s) is named with the command that goes on', (state, words) => {
  const text = failedWords({ ...failed, left: { exists: true, comment: unfinished(state) } });
  expect(text).toContain(words);
  expect(text).toContain('go on       run-plan restore --resume\n');
  expect(text).toContain('drop database');
});

test('a database that was there is never offered for dropping', () => {
  const there = { ...failed, existedBefore: true, left: { exists: true, comment: null } };
  expect(failedWords(there)).toMatch(/perhaps changed in part/);
  expect(failedWords(there)).not.toContain('drop');
  expect(failedWords({ ...there, isSingleTransaction: true })).toMatch(/as it was before/);
});

test('nothing left, a file without a note, and a server that does not answer', () => {
  expect(failedWords(failed)).toMatch(/nothing: the database was not made/);
  expect(failedWords({ ...failed, left: { exists: true, comment: null } })).toMatch(
    /not complete[^]*drop it/,
  );
  expect(failedWords({ ...failed, left: 'no answer' })).toMatch(/could not be asked: no answer[^]*--resume/);
});

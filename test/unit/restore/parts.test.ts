import { expect, test } from 'vitest';
import { neededSchemas } from '../../../src/restore/needed-schemas.ts';
import { requestOf } from '../../../src/restore/restore-request.ts';
import { createTimeline } from '../../../src/restore/timeline.ts';
import { parseUnfinished } from '../../../src/restore/unfinished-restore.ts';

const all = { schemas: [], tables: [], contents: 'all' } as const;

test('schemas that a selection needs, by names with blanks', () => {
  const relations = ['public orders app', 'Büro 1 odd name the owner', 'billing orders app'];
  expect(neededSchemas(all, { relations })).toEqual([]);
  expect(neededSchemas({ ...all, tables: ['odd name', 'orders'] }, { relations })).toEqual([
    'Büro 1',
    'public',
    'billing',
  ]);
  expect(neededSchemas({ ...all, schemas: ['x', 'x'] }, { relations })).toEqual(['x']);
  expect(neededSchemas({ ...all, schemas: ['x'], contents: 'data-only' }, { relations })).toEqual([]);
});

test('parts of a restore overlap, end once, and last until now when they have not ended', () => {
  let now = 100;
  const timeline = createTimeline({ monotonicMs: () => now });
  const end = timeline.begin('load');
  now = 110.4;
  timeline.begin('indexes');
  now = 130;
  end(7);
  now = 200;
  end(9);
  expect(timeline.phases()).toEqual([
    { name: 'load', offsetMs: 0, durationMs: 30, bytes: 7 },
    { name: 'indexes', offsetMs: 10, durationMs: 90 },
  ]);
});

test('a part that fails has ended all the same', async () => {
  let now = 0;
  const timeline = createTimeline({ monotonicMs: () => now });
  await expect(timeline.during('load', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  now = 50;
  expect(timeline.phases()).toEqual([{ name: 'load', offsetMs: 0, durationMs: 0 }]);
});

test('what a comment says of an unfinished restore, and what says nothing', () => {
  const unfinished = { artifact: 'a', manifestSha256: '0', runId: 'r', partial: null, state: 'loaded' };
  const comment = (value: unknown): string => `run-plan restore ${JSON.stringify(value)}`;
  expect(parseUnfinished(comment(unfinished))).toEqual(unfinished);
  for (const other of [
    null,
    'mine',
    'run-plan restore {',
    comment(null),
    comment({ ...unfinished, state: 'done' }),
    comment({ ...unfinished, partial: 1 }),
    comment({ ...unfinished, runId: undefined }),
  ]) {
    expect(parseUnfinished(other)).toBeUndefined();
  }
});

test('parameters that contradict each other are a problem of the plan', () => {
  expect(() => requestOf({ 'schema-only': true, 'data-only': true }, {})).toThrow('exclude each other');
  expect(() => requestOf({ 'data-only': true, replace: true }, {})).toThrow('replaces no definitions');
  expect(() => requestOf({ 'single-transaction': true, jobs: 2 }, {})).toThrow('one process');
  expect(requestOf({}, { ALLOW_CREATE_IN_DUMP: '1' }).permissions.allowCreateInDump).toBe(true);
  expect(
    requestOf({ 'allow-create-in-dump': false }, { ALLOW_CREATE_IN_DUMP: '1' }).permissions.allowCreateInDump,
  ).toBe(false);
  expect(requestOf({ only: { schemas: ['a'] }, 'schema-only': true }, {}).partial).toBe(
    'schemas a; schema-only',
  );
});

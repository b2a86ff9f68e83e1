import { describe, expect, test } from 'vitest';
import type { Stage } from '../../../src/process/commands.ts';
import { failureOfStages, isTolerated, signalOf } from '../../../src/process/stage-status.ts';

const dump: Stage = { program: '/usr/lib/postgresql/15/bin/pg_dump', arguments: [] };
const zstd: Stage = { program: 'zstd', arguments: [] };

describe('failureOfStages', () => {
  test('is nothing when every stage ended well', () => {
    expect(
      failureOfStages([{ stage: dump, status: 0, place: 0, lastLines: ['a warning'] }], undefined),
    ).toBeUndefined();
  });

  test('names every stage that did not, by its program', () => {
    const ends = [
      { stage: dump, status: 1, place: 0, lastLines: ['no'] },
      { stage: zstd, status: 137, place: 1, lastLines: [] },
    ];
    expect(failureOfStages(ends, undefined)?.message).toBe(
      'pg_dump exited with 1; zstd was killed by SIGKILL in the pipe pg_dump | zstd: no',
    );
  });

  test('carries how the first that broke ended, whatever its place in the pipe', () => {
    const ends = [
      { stage: dump, status: 1, place: 2, lastLines: ['Broken pipe'] },
      { stage: zstd, status: 141, place: 1, lastLines: [] },
      { stage: { program: 'age', arguments: [] }, status: 5, place: 0, lastLines: ['no room'] },
    ];
    const failure = failureOfStages(ends, undefined);
    expect(failure?.message).toBe(
      'age exited with 5; pg_dump exited with 1 in the pipe pg_dump | zstd | age: no room\nBroken pipe',
    );
    expect(failure?.fields).toEqual({ program: 'age', exit: 5, stderr: ['no room'] });
  });

  test('a stage whose reader still reads did not die of it: 141 is its own', () => {
    const ends = [
      { stage: { program: 'bash', arguments: [] }, status: 141, place: 0, lastLines: [] },
      { stage: zstd, status: 1, place: 1, lastLines: ['unexpected end'] },
    ];
    const failure = failureOfStages(ends, undefined);
    expect(failure?.message).toMatch(/^bash exited with 141; zstd exited with 1/);
    expect(failure?.fields).toMatchObject({ program: 'bash', exit: 141 });
  });

  test('quotes the last ten lines', () => {
    const lastLines = Array.from({ length: 50 }, (_, index) => `line ${String(index)}`);
    const message =
      failureOfStages([{ stage: zstd, status: 1, place: 0, lastLines }], undefined)?.message ?? '';
    expect(message.split('\n')).toHaveLength(10);
    expect(message).toMatch(/line 40\n.*line 49$/s);
  });

  test('127 of a program that exists is its own exit status', () => {
    const ends = [{ stage: { program: 'bash', arguments: [] }, status: 127, place: 0, lastLines: [] }];
    expect(failureOfStages(ends, '/usr/bin:/bin')?.code).toBe('command-failed');
    expect(failureOfStages(ends, '/nowhere')?.code).toBe('tool-missing');
  });
});

test('a status or a signal can be tolerated', () => {
  expect(isTolerated({ ...zstd, tolerate: ['SIGPIPE'] }, 141)).toBe(true);
  expect(isTolerated({ ...zstd, tolerate: [3] }, 3)).toBe(true);
  expect(isTolerated({ ...zstd, tolerate: [3] }, 4)).toBe(false);
  expect(signalOf(1)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { compressionStage, parseRawBytes } from '../../../src/artifact/compression.ts';

test('zstd’s closing line tells the size before compression', () => {
  expect(parseRawBytes('/*stdin*\\            : 75.37%   (4052632 B => 3054426 B, /*stdout*\\) ')).toBe(
    4052632,
  );
  expect(parseRawBytes('/*stdin*\\ :  8.41%   (   1.40 GiB =>    120 MiB, /*stdout*\\)')).toBeUndefined();
});

test('levels beyond 19 need a word of their own', () => {
  expect(compressionStage({ kind: 'zstd', level: 22, threads: 0 })?.arguments).toContain('--ultra');
  expect(compressionStage({ kind: 'zstd', level: 3, threads: 0 })?.arguments).toEqual(
    expect.arrayContaining(['-3', '-T0']),
  );
  expect(compressionStage({ kind: 'none' })).toBeUndefined();
});

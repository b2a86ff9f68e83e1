import { describe, expect, it } from 'vitest';
import { renderProgress, renderTransfer } from '../../../../src/run/view/progress.ts';
import { fc } from '../../../fixtures/property.ts';

describe('progress', () => {
  it.each([
    [
      { bytes: 57_600_000, totalBytes: 200_000_000, elapsedMs: 2_400 },
      '57.6 MB of 200 MB (28 %), 24.0 MB/s, 2.4 s, about 5.9 s left',
    ],
    [{ bytes: 57_600_000, elapsedMs: 2_400 }, '57.6 MB, 24.0 MB/s, 2.4 s'],
    [{ bytes: 0, totalBytes: 200_000_000, elapsedMs: 400 }, '0 B of 200 MB (0 %), 0 B/s, 400 ms'],
    [{ bytes: 210_000_000, totalBytes: 200_000_000, elapsedMs: 10_000 }, '210 MB, 21.0 MB/s, 10.0 s'],
    [
      { bytes: 200_000_000, totalBytes: 200_000_000, elapsedMs: 10_000 },
      '200 MB of 200 MB (100 %), 20.0 MB/s, 10.0 s, about 0 ms left',
    ],
    [{ bytes: 0, totalBytes: 0, elapsedMs: 0 }, '0 B, 0 B/s, 0 ms'],
  ])('%j reads %s', (progress, text) => {
    expect(renderProgress(progress)).toBe(text);
  });

  it('is never infinite, not a number or beyond a hundred percent', () => {
    const bytes = fc.maxSafeNat();
    fc.assert(
      fc.property(bytes, fc.option(bytes, { nil: undefined }), fc.nat(), (done, totalBytes, elapsedMs) => {
        const text = renderProgress({
          bytes: done,
          elapsedMs,
          ...(totalBytes !== undefined && { totalBytes }),
        });
        expect(text).not.toMatch(/NaN|Infinity|undefined|-\d/);
        expect(Number(/\((\d+) %\)/.exec(text)?.[1] ?? 0)).toBeLessThanOrEqual(100);
      }),
    );
  });

  it('of a finished step is its time, with bytes and speed when it moved any', () => {
    expect([renderTransfer(420, undefined), renderTransfer(2_000, 131_000_000)]).toEqual([
      'in 420 ms',
      'in 2.0 s, 131 MB at 65.5 MB/s',
    ]);
  });
});

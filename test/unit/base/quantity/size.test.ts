import { describe, expect, it } from 'vitest';
import { parseSize, renderBytes, renderPlanSize, renderRate } from '../../../../src/base/quantity/size.ts';
import { fc } from '../../../fixtures/property.ts';

describe('a size in a plan', () => {
  it.each([
    ['0B', 0],
    ['64KiB', 65_536],
    ['64kB', 64_000],
    ['64KB', 64_000],
    ['512MiB', 536_870_912],
    ['2GB', 2_000_000_000],
    ['3TiB', 3_298_534_883_328],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each([
    '',
    '5',
    'GB',
    '-1GB',
    '1.5GB',
    '5 GB',
    '5gb',
    '5kiB',
    '5PB',
    '5MiB ',
    '1e3B',
    `${'9'.repeat(400)}TB`,
    '9007199254740992B',
  ])('refuses %j', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('is spelled so that it parses to itself', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(renderPlanSize(bytes))).toBe(bytes);
      }),
    );
  });

  it('never comes out infinite, negative or inexact, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}([kKMGT]?B|[KMGT]iB)$/));
    fc.assert(
      fc.property(text, (candidate) => {
        const bytes = parseSize(candidate);
        expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes >= 0)).toBe(true);
      }),
    );
  });

  it('is spelled in the largest unit that divides it', () => {
    expect([536_870_912, 2_000_000_000, 1_000, 1_001].map(renderPlanSize)).toEqual([
      '512MiB',
      '2GB',
      '1kB',
      '1001B',
    ]);
  });
});

describe('a measured size', () => {
  it.each([
    [-1, '0 B'],
    [0, '0 B'],
    [999, '999 B'],
    [999.7, '1.00 kB'],
    [1_000, '1.00 kB'],
    [57_600_000, '57.6 MB'],
    [99_960_000, '100 MB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [1_400_000_000, '1.40 GB'],
    [2e18, '2000 PB'],
  ])('%d bytes reads %s', (bytes, text) => {
    expect(renderBytes(bytes)).toBe(text);
  });

  it('is within half a percent of the truth', () => {
    const factor: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 };
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [value = '', unit = ''] = renderBytes(bytes).split(' ');
        expect(Math.abs(Number(value) * (factor[unit] ?? Number.NaN) - bytes)).toBeLessThanOrEqual(
          bytes * 0.005,
        );
      }),
    );
  });

  it('makes a rate of bytes and milliseconds, also for an instant', () => {
    expect([renderRate(262_000_000, 2_000), renderRate(1_000, 0)]).toEqual(['131 MB/s', '1.00 MB/s']);
  });
});

import { describe, expect, it } from 'vitest';
import { parseDuration, renderDuration, renderPlanDuration } from '../../../../src/base/quantity/duration.ts';
import { fc } from '../../../fixtures/property.ts';

describe('a duration in a plan', () => {
  it.each([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['4h', 14_400_000],
    ['14d', 1_209_600_000],
    ['8w', 4_838_400_000],
    ['0s', 0],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    '',
    '4',
    'h',
    '-4h',
    '+4h',
    '1.5h',
    '4 h',
    '4H',
    '4h ',
    '1h30m',
    '1e3s',
    '0x10s',
    '4y',
    '٤h',
    `${'9'.repeat(400)}w`,
    '9007199254741s',
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('is spelled so that it parses to itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9_000_000_000_000 }), (seconds) => {
        expect(parseDuration(renderPlanDuration(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  it('never comes out infinite, negative or inexact, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^\d{1,400}[smhdw]$/));
    fc.assert(
      fc.property(text, (candidate) => {
        const milliseconds = parseDuration(candidate);
        expect(milliseconds === undefined || (Number.isSafeInteger(milliseconds) && milliseconds >= 0)).toBe(
          true,
        );
      }),
    );
  });

  it('is spelled in the largest unit that divides it', () => {
    expect([86_400_000, 90_000_000, 604_800_000, 0].map(renderPlanDuration)).toEqual([
      '1d',
      '25h',
      '1w',
      '0s',
    ]);
  });
});

describe('a measured duration', () => {
  it.each([
    [-5, '0 ms'],
    [0.4, '0 ms'],
    [420, '420 ms'],
    [999.6, '1.0 s'],
    [2_345, '2.3 s'],
    [59_940, '59.9 s'],
    [59_960, '1m'],
    [245_000, '4m 5s'],
    [3_599_600, '1h'],
    [3_780_000, '1h 3m'],
    [86_399_000, '1d'],
    [187_200_000, '2d 4h'],
  ])('%d ms reads %s', (milliseconds, text) => {
    expect(renderDuration(milliseconds)).toBe(text);
  });

  it('names no impossible part such as 60s or 24h', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (milliseconds) => {
        expect(renderDuration(milliseconds)).not.toMatch(/\b(60(\.0)? ?[sm]|24h|1000 ms)\b/);
      }),
    );
  });
});

import { expect, test } from 'vitest';
import { basePartSize, largestPart, mostParts, partSize } from '../../../src/s3/part-sizes.ts';
import { fc } from '../../fixtures/property.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** What fits into all parts that S3 allows. */
function room(base: number): number {
  let bytes = 0;
  for (let number = 1; number <= mostParts; number += 1) bytes += partSize(base, number);
  return bytes;
}

test('an unknown or small size takes parts of 16 MiB, with room for 312 GiB', () => {
  expect(basePartSize()).toBe(16 * MiB);
  expect(basePartSize(0)).toBe(16 * MiB);
  expect(basePartSize(3 * GiB)).toBe(16 * MiB);
  expect(Math.floor(room(16 * MiB) / GiB)).toBe(312);
});

test('four times the estimate always fits into 10,000 parts, none larger than S3 allows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 * 1024 * GiB }), (expectedBytes) => {
      const base = basePartSize(expectedBytes);
      expect(room(base)).toBeGreaterThanOrEqual(4 * expectedBytes);
      expect(partSize(base, mostParts)).toBeLessThanOrEqual(largestPart);
    }),
    { numRuns: 50 },
  );
});

test('parts are equal as long as the estimate holds', () => {
  const expectedBytes = 200 * GiB;
  const base = basePartSize(expectedBytes);
  const parts = Math.ceil(expectedBytes / base);
  expect(partSize(base, parts)).toBe(base);
});

const MiB = 1024 * 1024;

/** S3's own limits: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const mostParts = 10_000;
export const largestPart = 5 * 1024 * MiB;

/** Below it the requests cost more than the bytes; measured as fast as larger parts, four at a time. */
const smallestBase = 16 * MiB;

/** The estimate fills these many parts of the base size; the remaining ones grow. */
const baseParts = 5_000;
const doubledParts = 7_500;

/**
 * The size of the first parts, for an object of about `expectedBytes`. Sized so that the estimate takes half of the
 * 10,000 parts that S3 allows. 16 MiB (room for 312 GiB) up to an estimate of 78 GiB and without one.
 */
export function basePartSize(expectedBytes = 0): number {
  const size = Math.ceil(expectedBytes / baseParts / MiB) * MiB;
  return Math.min(Math.max(size, smallestBase), largestPart / 4);
}

/**
 * The size of a part by its number (from 1). Equal as long as the estimate holds, because some stores want equal parts;
 * beyond it parts are doubled, then doubled again, so that an object of four times the estimate still fits.
 */
export function partSize(base: number, partNumber: number): number {
  if (partNumber <= baseParts) return base;
  return partNumber <= doubledParts ? base * 2 : base * 4;
}

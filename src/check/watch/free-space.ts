import { statfs } from 'node:fs/promises';
import { parseSize, renderBytes, renderPlanSize } from '../../base/quantity/size.ts';
import type { CheckFact } from '../../language/facts.ts';

/** What a file system has left, for whoever is not root. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  /** 0: the file system makes them as they are needed. */
  readonly totalInodes: number;
}

/** The least that may be left: a share of the whole, or bytes. */
export type SpaceLimit = { readonly share: number } | { readonly bytes: number };

export interface SpaceLimits {
  readonly warn: SpaceLimit;
  readonly fail: SpaceLimit;
  /** Shares. */
  readonly warnInodes: number;
  readonly failInodes: number;
}

/** What was found of one folder; `near` are warnings. */
export interface SpaceVerdict {
  readonly checks: readonly CheckFact[];
  readonly near: readonly string[];
}

/** @throws Error of the system, for a folder that cannot be asked about */
export async function readSpace(folder: string): Promise<Space> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files };
}

/** `5%` or a size as plans write it; undefined for anything else. */
export function parseLimit(text: string): SpaceLimit | undefined {
  const percent = /^(?<number>\d+(\.\d+)?)%$/.exec(text)?.groups?.['number'];
  if (percent !== undefined) return { share: Number(percent) / 100 };
  const bytes = parseSize(text);
  return bytes === undefined ? undefined : { bytes };
}

/** Holds what is left against the limits. Pure. */
export function judgeSpace(name: string, space: Space, limits: SpaceLimits): SpaceVerdict {
  const { freeBytes, totalBytes, freeInodes, totalInodes } = space;
  const bytesLeft = `${renderBytes(freeBytes)} of ${renderBytes(totalBytes)} free (${percentOf(freeBytes, totalBytes)})`;
  const inodesLeft = `${freeInodes} of ${totalInodes} inodes free (${percentOf(freeInodes, totalInodes)})`;
  const isBelow = (limit: SpaceLimit): boolean =>
    'bytes' in limit ? freeBytes < limit.bytes : freeBytes < limit.share * totalBytes;
  const isBelowInodes = (share: number): boolean => totalInodes > 0 && freeInodes < share * totalInodes;
  const isShort = isBelow(limits.fail);
  const isShortOfInodes = isBelowInodes(limits.failInodes);
  return {
    checks: [
      {
        name: `space of ${name}`,
        state: isShort ? 'failed' : 'passed',
        expected: `at least ${limitInWords(limits.fail)} free`,
        found: bytesLeft,
      },
      {
        name: `inodes of ${name}`,
        state: isShortOfInodes ? 'failed' : 'passed',
        expected: `at least ${limitInWords({ share: limits.failInodes })} free`,
        found: totalInodes === 0 ? 'made as they are needed' : inodesLeft,
      },
    ],
    near: [
      ...(isBelow(limits.warn) && !isShort ? [`${name} has ${bytesLeft}`] : []),
      ...(isBelowInodes(limits.warnInodes) && !isShortOfInodes ? [`${name} has ${inodesLeft}`] : []),
    ],
  };
}

function limitInWords(limit: SpaceLimit): string {
  return 'bytes' in limit ? renderPlanSize(limit.bytes) : `${Number((limit.share * 100).toFixed(1))} %`;
}

function percentOf(part: number, whole: number): string {
  return whole === 0 ? '?' : `${((part / whole) * 100).toFixed(1)} %`;
}

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readSpace, type Space } from '../base/free-space.ts';
import { parseSize, renderBytes, renderPlanSize } from '../base/quantity/size.ts';
import type { CheckFact } from '../language/facts.ts';
import { fine, warning, type Found } from './doctor/finding.ts';

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

/** Journals, locks and lists fit into 50 MB, and nothing else does. */
const ownFolderLimits: SpaceLimits = {
  warn: { bytes: 1024 ** 3 },
  fail: { bytes: 50 * 1024 ** 2 },
  warnInodes: 0.05,
  failInodes: 0.01,
};

/** Free space of the file system of a folder, or of the nearest one above that is there. */
export async function spaceFinding(what: string, folder: string): Promise<Found> {
  return findSpace(what, folder, await readSpace(nearest(folder)));
}

/** Holds what is left against what a folder of run-plan's own needs. Pure. */
export function findSpace(what: string, folder: string, space: Space): Found {
  const { checks, near } = judgeSpace(folder, space, ownFolderLimits);
  const hint = 'free some space there, or move the folder to a larger disk';
  const short = checks.find(({ state }) => state === 'failed');
  if (short !== undefined) return { what, state: 'fail', found: `${folder} has ${short.found ?? ''}`, hint };
  const [scarce] = near;
  return scarce === undefined
    ? fine(what, `${folder} has ${checks[0]?.found ?? ''}`)
    : warning(what, scarce, hint);
}

function nearest(folder: string): string {
  if (existsSync(folder) || dirname(folder) === folder) return folder;
  return nearest(dirname(folder));
}

function limitInWords(limit: SpaceLimit): string {
  return 'bytes' in limit ? renderPlanSize(limit.bytes) : `${Number((limit.share * 100).toFixed(1))} %`;
}

function percentOf(part: number, whole: number): string {
  return whole === 0 ? '?' : `${((part / whole) * 100).toFixed(1)} %`;
}

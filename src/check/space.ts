import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readSpace, type Space } from '../base/free-space.ts';
import { parseSize, renderBytes, renderPlanSize } from '../base/quantity/size.ts';
import type { Check, CheckState } from './check.ts';

/** The least that may be left: a share of the whole, or bytes. */
export type SpaceLimit = { readonly share: number } | { readonly bytes: number };

export interface SpaceLimits {
  readonly warn: SpaceLimit;
  readonly fail: SpaceLimit;
  /** Shares. */
  readonly warnInodes: number;
  readonly failInodes: number;
}

/** `5%` or a size as plans write it; undefined for anything else. */
export function parseLimit(text: string): SpaceLimit | undefined {
  const percent = /^(?<number>\d+(\.\d+)?)%$/.exec(text)?.groups?.['number'];
  if (percent !== undefined) return { share: Number(percent) / 100 };
  const bytes = parseSize(text);
  return bytes === undefined ? undefined : { bytes };
}

/** Holds what is left against the limits: bytes, and then inodes. Pure. */
export function judgeSpace(name: string, space: Space, limits: SpaceLimits): readonly [Check, Check] {
  const { freeBytes, totalBytes, freeInodes, totalInodes } = space;
  const isBelow = (limit: SpaceLimit): boolean =>
    'bytes' in limit ? freeBytes < limit.bytes : freeBytes < limit.share * totalBytes;
  const isBelowInodes = (share: number): boolean => totalInodes > 0 && freeInodes < share * totalInodes;
  return [
    {
      what: `space of ${name}`,
      state: stateOf(isBelow(limits.fail), isBelow(limits.warn)),
      expected: `at least ${limitInWords(limits.fail)} free`,
      found: `${renderBytes(freeBytes)} of ${renderBytes(totalBytes)} free (${percentOf(freeBytes, totalBytes)})`,
    },
    {
      what: `inodes of ${name}`,
      state: stateOf(isBelowInodes(limits.failInodes), isBelowInodes(limits.warnInodes)),
      expected: `at least ${limitInWords({ share: limits.failInodes })} free`,
      found:
        totalInodes === 0
          ? 'made as they are needed'
          : `${freeInodes} of ${totalInodes} inodes free (${percentOf(freeInodes, totalInodes)})`,
    },
  ];
}

function stateOf(isShort: boolean, isScarce: boolean): CheckState {
  return isShort ? 'fail' : isScarce ? 'warn' : 'ok';
}

/** Journals, locks and lists fit into 50 MB, and nothing else does. */
const ownFolderLimits: SpaceLimits = {
  warn: { bytes: 1024 ** 3 },
  fail: { bytes: 50 * 1024 ** 2 },
  warnInodes: 0.05,
  failInodes: 0.01,
};

/** Free space of the file system of a folder, or of the nearest one above that is there. */
export async function spaceCheck(what: string, folder: string): Promise<Check> {
  return ownSpaceCheck(what, folder, await readSpace(nearest(folder)));
}

/** Holds what is left against what a folder of run-plan's own needs: one check, of what is scarcer. Pure. */
export function ownSpaceCheck(what: string, folder: string, space: Space): Check {
  const checks = judgeSpace(folder, space, ownFolderLimits);
  const scarcest = (['fail', 'warn', 'ok'] as const).flatMap((state) =>
    checks.filter((check) => check.state === state),
  );
  const [{ state, found } = checks[0]] = scarcest;
  const hint = 'free some space there, or move the folder to a larger disk';
  return { what, state, found: `${folder} has ${found}`, ...(state !== 'ok' && { hint }) };
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

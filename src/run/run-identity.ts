import { readdir } from 'node:fs/promises';
import { journalFolder } from '../base/state-folder.ts';
import type { RunIdentity } from '../task/contract.ts';
import type { Pipeline } from './pipeline.ts';
import type { RunHost } from './run-host.ts';

const digitsEnd = 0x10000;

/**
 * Names a run: `<plan>-<YYYYMMDDTHHMMSSZ>-<4 hex>`, so that the runs of a plan on a host sort by their start, also two of
 * one second: the digits are random, but greater than those of this second's runs before it.
 */
export async function identifyRun(
  { plan }: Pick<Pipeline, 'plan'>,
  host: Pick<RunHost, 'clock' | 'random' | 'stateFolder'>,
): Promise<RunIdentity> {
  const startedAt = host.clock.now();
  const second = `${plan.name}-${compactTime(startedAt)}-`;
  const least = (await greatestDigits(journalFolder(host.stateFolder, plan.name), second)) + 1;
  // With no digits left above, any will do: a name that sorts wrong is better than no run.
  const from = least < digitsEnd ? least : 0;
  const hex = (from + Math.floor(host.random() * (digitsEnd - from))).toString(16).padStart(4, '0');
  return {
    id: second + hex,
    plan: plan.name,
    planHash: plan.hash,
    startedAt,
    scratch: scratchName(startedAt, hex),
  };
}

/** Of the journals whose names begin so; -1 without one. */
async function greatestDigits(folder: string, beginning: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const digits = names
    .filter((name) => name.startsWith(beginning))
    .map((name) => Number.parseInt(name.slice(beginning.length), 16));
  return Math.max(-1, ...digits);
}

/**
 * Name of a database that only this run uses, `scratch_<time>_<4 hex>`: short enough for Postgres whatever the plan is
 * called, and recognisable, because clean-up drops such names only.
 */
function scratchName(startedAt: Date, hex: string): string {
  return `scratch_${compactTime(startedAt).toLowerCase()}_${hex}`;
}

function compactTime(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
}

import type { RunIdentity } from '../task/contract.ts';
import type { Pipeline } from './pipeline.ts';
import type { RunHost } from './run-host.ts';

/** Names a run: `<plan>-<YYYYMMDDTHHMMSSZ>-<4 hex>`, so that a plan's runs sort by their start. */
export function identifyRun(
  { plan }: Pick<Pipeline, 'plan'>,
  host: Pick<RunHost, 'clock' | 'random'>,
): RunIdentity {
  const startedAt = host.clock.now();
  const hex = Math.floor(host.random() * 0x10000)
    .toString(16)
    .padStart(4, '0');
  return {
    id: `${plan.name}-${compactTime(startedAt)}-${hex}`,
    plan: plan.name,
    planHash: plan.hash,
    startedAt,
    scratch: scratchName(startedAt, hex),
  };
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

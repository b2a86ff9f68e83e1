import { renderBytes } from '../../base/quantity/size.ts';

/** Shares of the usual size between which nobody needs to look. */
export interface SizeBounds {
  readonly smallest: number;
  readonly largest: number;
}

/** A size held against those before it. */
export interface SizeJudgement {
  /** Median of the former sizes, bytes. */
  readonly usualBytes: number;
  /** Of the size in the usual one. */
  readonly share: number;
  readonly isUsual: boolean;
  /** In words. */
  readonly found: string;
}

/**
 * Holds a size against the median of the former ones, which one odd artifact does not move: half of it mostly means that
 * half of the data is gone, double that something is stored twice. Undefined without former ones. Pure.
 */
export function judgeSize(
  bytes: number,
  former: readonly number[],
  { smallest, largest }: SizeBounds,
): SizeJudgement | undefined {
  const usualBytes = median(former);
  if (usualBytes === undefined || usualBytes === 0) return undefined;
  const share = bytes / usualBytes;
  const isUsual = share > smallest && share < largest;
  const of = former.length === 1 ? 'of the one before' : `of the median of the ${former.length} before`;
  const found = `${renderBytes(bytes)}, ${(share * 100).toFixed(0)} % ${of} (${renderBytes(usualBytes)})`;
  return { usualBytes, share, isUsual, found };
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

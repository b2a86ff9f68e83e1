import { renderDuration } from '../../base/quantity/duration.ts';
import { renderBytes, renderRate } from '../../base/quantity/size.ts';
import type { StepProgress } from '../record/event.ts';

/**
 * What a step has moved and how long it still needs: `57.6 MB of 200 MB (29 %), 24.1 MB/s, 2.4 s, about 5.9 s left`.
 * Totals are estimates; one that has been passed is no longer told.
 */
export function renderProgress({
  bytes,
  totalBytes,
  elapsedMs,
}: Omit<StepProgress, 'type' | 'at' | 'step'>): string {
  const parts = [renderRate(bytes, elapsedMs), renderDuration(elapsedMs)];
  if (totalBytes === undefined || bytes > totalBytes || totalBytes <= 0)
    return [renderBytes(bytes), ...parts].join(', ');
  const percent = Math.floor((bytes / totalBytes) * 100);
  const amount = `${renderBytes(bytes)} of ${renderBytes(totalBytes)} (${String(percent)} %)`;
  // Before the first byte there is no speed to extrapolate from.
  if (bytes <= 0 || elapsedMs <= 0) return [amount, ...parts].join(', ');
  const leftMs = ((totalBytes - bytes) / bytes) * elapsedMs;
  return [amount, ...parts, `about ${renderDuration(leftMs)} left`].join(', ');
}

/** What a finished step took and moved: `in 2.4 s, 57.6 MB at 24.1 MB/s`, or the time alone. */
export function renderTransfer(durationMs: number, bytes: number | undefined): string {
  const time = `in ${renderDuration(durationMs)}`;
  return bytes === undefined ? time : `${time}, ${renderBytes(bytes)} at ${renderRate(bytes, durationMs)}`;
}

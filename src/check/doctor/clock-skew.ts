import { renderDuration } from '../../base/quantity/duration.ts';
import { fine, warning, type Check } from '../check.ts';

/** Clocks kept by NTP differ by less. Milliseconds. */
const warnMs = 5_000;
/** Recovery points, ages and retention of two hosts no longer fit; S3 refuses signatures from 15 minutes on. */
const failMs = 5 * 60_000;

/** How far another clock is from this host's, milliseconds, the other minus ours. Pure. */
export function clockFinding(what: string, skewMs: number): Check {
  const distance = renderDuration(Math.abs(skewMs));
  const found = `${distance} ${skewMs < 0 ? 'behind' : 'ahead of'} this host`;
  if (Math.abs(skewMs) < warnMs) return fine(what, `within ${renderDuration(warnMs)} of this host`);
  const hint = 'set both clocks by NTP (timedatectl, chrony): ages and recovery points are read off them';
  return Math.abs(skewMs) < failMs ? warning(what, found, hint) : { what, state: 'fail', found, hint };
}

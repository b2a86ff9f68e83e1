import { counted } from '../base/quantity/counted.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { changesOf, type RestoreSums } from './restore-work.ts';
import { accessWords, type AccessSums } from './keep-access.ts';
import type { Survey } from './survey.ts';

/** What a restore is about to do, in a line. `into` names another place that copies go to. */
export function describeSurvey(survey: Survey, into?: string): string {
  const { keys, versions, promote, alike, hide, unchanged, then } = survey;
  const found = `${counted(keys, 'key')} with ${counted(versions, 'version')}`;
  if (into !== undefined)
    return `${found}: ${counted(then.keys, 'object')} (${renderBytes(then.bytes)}) were there then, to copy to ${into}`;
  const same = alike === 0 ? '' : `, ${alike} of them looking the same already`;
  const parts = [
    ...(promote.keys > 0 ? [`${promote.keys} to promote (${renderBytes(promote.bytes)}${same})`] : []),
    ...(hide.keys > 0 ? [`${hide.keys} born later to hide (${renderBytes(hide.bytes)})`] : []),
    ...(unchanged > 0 ? [`${unchanged} unchanged since`] : []),
  ];
  return parts.length === 0 ? found : `${found}: ${parts.join(', ')}`;
}

/** What was done, in a line. */
export function describeSums(sums: RestoreSums): string {
  const { promoted, hidden, copied, already, skipped, bytes } = sums;
  const size = ` (${renderBytes(bytes)})`;
  const parts = [
    ...(promoted > 0 ? [`${counted(promoted, 'key')} promoted${size}`] : []),
    ...(hidden > 0 ? [`${counted(hidden, 'key')} hidden`] : []),
    ...(copied > 0 ? [`${counted(copied, 'object')} copied${size}`] : []),
    ...(already > 0 ? [`${already} ${already === 1 ? 'was' : 'were'} so already`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return changesOf(sums) === 0 ? ['nothing had to be changed', ...parts].join(', ') : parts.join(', ');
}

/** How it is now that all is done and was looked at. */
export function describeOutcome(
  { keys }: Survey,
  { skipped }: RestoreSums,
  access: AccessSums,
  into?: string,
): string {
  const reach = accessWords(access);
  if (into !== undefined) return `what was there then is in ${into}${reach}`;
  if (skipped > 0) return `all others are as they were then${reach}`;
  return keys === 1
    ? `the key is as it was then${reach}`
    : `all ${counted(keys, 'key')} are as they were then${reach}`;
}

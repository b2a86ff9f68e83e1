import { Failure } from '../base/failure.ts';
import type { SettingName } from './setting.ts';

/** Somebody else writes to the bucket at the same time: what they wrote stands, and a further apply goes on from there. */
export function changedMeanwhile(bucket: string, setting: SettingName): Failure {
  return new Failure(
    'bucket-changed',
    `Somebody else changes the ${setting} of bucket ${bucket} at the same time`,
    { hint: 'what they wrote was left as it is; look at run-plan diff again and apply once they are done' },
  );
}

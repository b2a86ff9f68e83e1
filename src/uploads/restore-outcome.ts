import { Failure } from '../base/failure.ts';
import { counted } from '../base/quantity/counted.ts';
import type { Reporter } from '../task/contract.ts';
import { nameKeys, type KeyList } from './refused-keys.ts';

/** A list as the record has it: how many, and the first by name. */
export function told({ count, first }: KeyList): object {
  return { count, first };
}

/** @throws Failure when a key is not as it was */
export function failOn(refused: KeyList, wrong: KeyList, facts: Readonly<Record<string, unknown>>): void {
  if (refused.count > 0) {
    throw new Failure(
      'repository-denied',
      `the store refused ${counted(refused.count, 'key')}: ${nameKeys(refused.first, refused.count)}; all others were restored`,
      {
        hint: "Each one's reason is in refused.ndjson of the run's kept folder. Run it again once that is mended.",
        facts,
      },
    );
  }
  if (wrong.count === 0) return;
  throw new Failure(
    'check-failed',
    `${counted(wrong.count, 'key is', 'keys are')} not as then, because somebody wrote during the restore: ${nameKeys(wrong.first, wrong.count)}`,
    { hint: 'Stop what writes to the bucket, and run it again: what is done is not done twice.', facts },
  );
}

/** Writes of others that lie below now: nothing is lost, and somebody should know. */
export function warnOf(report: Pick<Reporter, 'warn'>, overtaken: KeyList): void {
  if (overtaken.count === 0) return;
  report.warn(
    `${counted(overtaken.count, 'key was', 'keys were')} written during the restore; those writes are kept as versions below: ${nameKeys(overtaken.first, overtaken.count)}`,
  );
}

import { Failure } from '../base/failure.ts';
import type { Difference } from './facts.ts';
import type { SettingName } from './setting.ts';

/** What to do instead of what some stores drop, by the end of the key. */
export const insteadOfRuleParts = {
  'keep-newest':
    'leave keep-newest out and say a longer expire-after: this store expires every old version by age alone',
  'larger-than': 'leave larger-than out and choose by prefix or tags: this store does not look at sizes',
  'smaller-than': 'leave smaller-than out and choose by prefix or tags: this store does not look at sizes',
} as const;

/** The store said yes and keeps something else. `wrong`: `is` is what it kept, `should` what was sent. */
export function keptOtherwise(
  bucket: string,
  setting: SettingName,
  wrong: readonly Difference[],
  undoing = 'the former settings were put back',
): Failure {
  const said = wrong
    .map(({ key, is, should }) => `${shown(key)}: sent ${should ?? 'nothing'}, kept ${is ?? 'nothing'}`)
    .join('; ');
  const known = Object.entries(insteadOfRuleParts).find(([end]) =>
    wrong.some(({ key }) => key.endsWith(end)),
  );
  return new Failure(
    'bucket-kept-otherwise',
    `The store did not keep the ${setting} of bucket ${bucket} as sent (${said}); ${undoing}`,
    {
      hint: known?.[1] ?? 'ask for what this store can do; run-plan doctor tells what that is',
      facts: { setting, wrong: wrong.map((difference) => ({ ...difference, key: shown(difference.key) })) },
    },
  );
}

function shown(key: string): string {
  return key.replace(/run-plan-rehearsal-[0-9a-f]+-/, '');
}

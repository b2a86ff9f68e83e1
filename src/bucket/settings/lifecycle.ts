import { storedLifecycle, type StoredRule } from '../../s3/bucket.ts';
import { isRehearsal, mergeRules, ruleFacts } from '../lifecycle-rules.ts';
import { rehearseRules } from '../rehearsal.ts';
import type { Setting } from '../setting.ts';

/** By what rules the store moves and removes objects. A rule belongs to whoever gave it its id. */
export const lifecycleSetting: Setting<readonly StoredRule[]> = {
  ...storedLifecycle,
  name: 'lifecycle',
  instead: "leave lifecycle out: retention and artifact-prune remove a repository's artifacts without it",
  isWished: ({ lifecycle }) => lifecycle.length > 0,
  merge: mergeRules,
  facts: ruleFacts,
  others: ({ lifecycle }, is) =>
    (is ?? []).flatMap(({ ID = '', Status }) =>
      lifecycle.some(({ id }) => id === ID) || isRehearsal(ID)
        ? []
        : [`lifecycle rule ${ID}${Status === 'Enabled' ? '' : ' (disabled)'}`],
    ),
  rehearse: rehearseRules,
  withoutTries: (rules) => rules.filter(({ ID }) => !isRehearsal(ID)),
};

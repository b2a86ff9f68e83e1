import type { LifecycleRule as StoredRule } from '@aws-sdk/client-s3';
import { readLifecycle, removeLifecycle, writeLifecycle } from '../lifecycle-calls.ts';
import { isRehearsal, mergeRules, ruleFacts } from '../lifecycle-rules.ts';
import { rehearseRules } from '../rehearsal.ts';
import type { Setting } from '../setting.ts';

/** By what rules the store moves and removes objects. A rule belongs to whoever gave it its id. */
export const lifecycleSetting: Setting<readonly StoredRule[]> = {
  name: 'lifecycle',
  permissions: { read: 's3:GetLifecycleConfiguration', write: 's3:PutLifecycleConfiguration' },
  absentBy: ['NoSuchLifecycleConfiguration'],
  instead: "leave lifecycle out: retention and artifact-prune remove a repository's artifacts without it",
  isWished: ({ lifecycle }) => lifecycle.length > 0,
  read: readLifecycle,
  merge: mergeRules,
  write: writeLifecycle,
  remove: removeLifecycle,
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

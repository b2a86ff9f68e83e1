import {
  mergePolicy,
  nameOf,
  parsePolicy,
  policyFacts,
  wishedStatements,
  type PolicyDocument,
} from '../policy-statements.ts';
import { storedPolicy } from '../../s3/bucket.ts';
import type { Setting } from '../setting.ts';

/** Who is refused and who is allowed; statements belong to whoever gave them their Sid. */
export const policySetting: Setting<PolicyDocument> = {
  name: 'policy',
  instead: 'leave policy out, and keep plain HTTP and foreign keys away before the store',
  isWished: (bucket) => wishedStatements(bucket).size > 0,
  read: async (store, signal) => {
    const text = await storedPolicy.read(store, signal);
    return text === undefined ? undefined : parsePolicy(text);
  },
  merge: mergePolicy,
  write: (store, document) => storedPolicy.write(store, JSON.stringify(document)),
  remove: (store) => storedPolicy.remove(store),
  facts: policyFacts,
  others: (bucket, is) => {
    const wished = wishedStatements(bucket);
    return (is?.Statement ?? []).flatMap((statement, index) =>
      wished.has(String(statement['Sid'])) ? [] : [`policy statement ${nameOf(statement, index)}`],
    );
  },
  weakens: ({ is }) => (is?.startsWith('Deny') === true ? 'what this statement refused may pass' : undefined),
  consequence: ({ should }) =>
    should === undefined
      ? undefined
      : should.startsWith('Deny')
        ? 'such requests are refused from now on'
        : 'such requests are allowed from now on',
};

import {
  mergePolicy,
  nameOf,
  parsePolicy,
  policyFacts,
  wishedStatements,
  type PolicyDocument,
} from '../policy-statements.ts';
import type { Setting } from '../setting.ts';

/** Who is refused and who is allowed; statements belong to whoever gave them their Sid. */
export const policySetting: Setting<PolicyDocument> = {
  name: 'policy',
  permissions: { read: 's3:GetBucketPolicy', write: 's3:PutBucketPolicy' },
  absentBy: ['NoSuchBucketPolicy'],
  instead: 'leave policy out, and keep plain HTTP and foreign keys away before the store',
  isWished: (bucket) => wishedStatements(bucket).size > 0,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetBucketPolicyCommand({ Bucket: location.bucket });
    const { Policy } = await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) });
    return Policy === undefined || Policy === '' ? undefined : parsePolicy(Policy);
  },
  merge: mergePolicy,
  write: async ({ sdk, client, location }, document) => {
    const command = new sdk.PutBucketPolicyCommand({
      Bucket: location.bucket,
      Policy: JSON.stringify(document),
    });
    await client.send(command);
  },
  remove: async ({ sdk, client, location }) => {
    await client.send(new sdk.DeleteBucketPolicyCommand({ Bucket: location.bucket }));
  },
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

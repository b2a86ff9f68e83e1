import type { Bucket, PolicyStatement } from '../language/environment/bucket.ts';
import type { Facts } from './facts.ts';

/** A bucket policy as the store keeps it; statements may say more than ours do. */
export interface PolicyDocument {
  readonly Version: string;
  readonly Id?: string;
  readonly Statement: readonly StoredStatement[];
}

export type StoredStatement = Readonly<Record<string, unknown>>;

/** Names of the statements that run-plan writes itself. */
const plainHttpSid = 'RunPlanDenyPlainHttp';
const unencryptedPutsSid = 'RunPlanDenyUnencryptedPuts';

/** The language's version, in which a policy is written: AWS's documentation, "IAM JSON policy elements: Version". */
const languageVersion = '2012-10-17';

/** The statements that a bucket wishes, by Sid; null for one that is to be gone. Pure. */
export function wishedStatements({ name, policy }: Bucket): ReadonlyMap<string, StoredStatement | null> {
  if (policy === undefined) return new Map();
  const everything = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
  const own = ({ Resource = everything, ...statement }: PolicyStatement): StoredStatement => ({
    ...statement,
    Resource,
  });
  const plainHttp = {
    Sid: plainHttpSid,
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: everything,
    // Ceph has this key on TLS only: where it is absent, the request is plain.
    Condition: { BoolIfExists: { 'aws:SecureTransport': 'false' } },
  };
  const unencryptedPuts = {
    Sid: unencryptedPutsSid,
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${name}/*`,
    Condition: { Null: { 's3:x-amz-server-side-encryption': 'true' } },
  };
  const { denyPlainHttp, denyUnencryptedPuts, statements } = policy;
  return new Map([
    ...(denyPlainHttp === undefined ? [] : [[plainHttpSid, denyPlainHttp ? plainHttp : null] as const]),
    ...(denyUnencryptedPuts === undefined
      ? []
      : [[unencryptedPutsSid, denyUnencryptedPuts ? unencryptedPuts : null] as const]),
    ...statements.map((statement) => [statement.Sid, own(statement)] as const),
  ]);
}

/** The policy with the wishes put in, statements of others kept; undefined when none is left. Pure. */
export function mergePolicy(bucket: Bucket, is: PolicyDocument | undefined): PolicyDocument | undefined {
  const wished = wishedStatements(bucket);
  const others = (is?.Statement ?? []).filter(({ Sid }) => !wished.has(String(Sid)));
  const statements = [...others, ...[...wished.values()].filter((statement) => statement !== null)];
  if (statements.length === 0) return undefined;
  return { Version: languageVersion, ...is, Statement: statements };
}

/** @throws SyntaxError for what is no policy */
export function parsePolicy(text: string): PolicyDocument {
  const value = JSON.parse(text) as PolicyDocument & {
    readonly Statement: StoredStatement | StoredStatement[];
  };
  return { ...value, Statement: [value.Statement].flat() };
}

/** Every statement in a line, by its Sid. */
export function policyFacts(document: PolicyDocument | undefined): Facts {
  return new Map(
    (document?.Statement ?? []).map((statement, index) => [
      `policy.${nameOf(statement, index)}`,
      describeStatement(statement),
    ]),
  );
}

export function nameOf({ Sid }: StoredStatement, index: number): string {
  return typeof Sid === 'string' && Sid !== '' ? Sid : `statement-${index + 1}`;
}

/** `Deny s3:* on everything … to * if Bool aws:SecureTransport false`: equal texts mean equal statements. */
function describeStatement({ Sid: _, Effect, ...rest }: StoredStatement): string {
  const { Condition, Principal, ...parts } = rest;
  const words = Object.entries(parts)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key} ${listed(value)}`);
  return [
    `${String(Effect)} to ${principal(Principal)}`,
    ...words,
    ...(Condition === undefined ? [] : [`if ${conditions(Condition)}`]),
  ].join(', ');
}

/** `*` and `{ AWS: "*" }` name the same everybody in a Deny and to a store that answers with the other one. */
function principal(value: unknown): string {
  if (typeof value !== 'object' || value === null) return listed(value);
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === 'AWS' && listed(only[1]) === '*') return '*';
  return entries
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([kind, names]) => `${kind} ${listed(names)}`)
    .join(' and ');
}

function conditions(value: unknown): string {
  return Object.entries(Object(value) as Record<string, unknown>)
    .flatMap(([operator, keys]) =>
      Object.entries(Object(keys) as Record<string, unknown>).map(
        ([key, values]) => `${operator} ${key} ${listed(values)}`,
      ),
    )
    .sort()
    .join(' and ');
}

function listed(value: unknown): string {
  return [value].flat().map(String).sort().join(' ');
}

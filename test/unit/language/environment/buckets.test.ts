import { expect, test } from 'vitest';
import { parseEnvironments } from '../../../../src/language/environment/load-environments.ts';

function parse(text: string) {
  return parseEnvironments({ file: 'environments.yaml', text, bytes: Buffer.from(text) }, {});
}

const environments = `environments:
  prod: { repository: { s3: { bucket: backups, region: eu-central-1 } } }
  other: { repository: { s3: { bucket: backups, region: eu-west-1 } } }
`;

test('environments that reach a bucket differently contradict each other, until it says itself', () => {
  const { problems } = parse(`${environments}buckets:\n  backups: { versioning: true }\n`);
  expect(problems).toMatchObject([
    {
      rule: 'bucket-connection',
      severity: 'error',
      line: 5,
      column: 3,
      message: expect.stringContaining("'prod' and 'other'") as string,
    },
  ]);
  const own = parse(`${environments}buckets:\n  backups: { versioning: true, region: us-east-2 }\n`);
  expect(own.problems).toEqual([]);
  expect(own.buckets.get('backups')).toMatchObject({
    usedBy: ['prod', 'other'],
    connection: { region: 'us-east-2', bucket: 'backups', prefix: '' },
  });
});

test.each([
  ['{ id: a, prefix: x/ }', /does nothing/],
  ['{ id: a, expire-after: 0d }', /0 days/],
  ['{ id: a, noncurrent: { keep-newest: 3 } }', /needs expire-after/],
  ['{ id: a, expire-after: 9d, expire-delete-markers: true }', /delete markers and objects/],
  ['{ id: a, tags: { t: v }, abort-incomplete-uploads-after: 1d }', /no tags/],
  [
    '{ id: a, expire-after: 9d, transition: [{ after: 14d, to: GLACIER }] }',
    /removed after 9d and moved after 2w/,
  ],
  ['{ id: a, expire-after: 9d, larger-than: 2MB, smaller-than: 1MB }', /no object is larger/],
  ['{ id: a, expire-after: 9d }, { id: a, expire-after: 8d }', /'a' above/],
])('a rule that no store could keep is a problem: %s', (rules, message) => {
  const { problems } = parse(`environments: { a: {} }\nbuckets:\n  backups:\n    lifecycle: [${rules}]\n`);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({
    rule: 'lifecycle-rule',
    line: 4,
    message: expect.stringMatching(message) as string,
  });
});

test('a policy that would lock run-plan or the backups out is a problem', () => {
  const { problems } = parse(`environments:
  prod: { repository: { s3: { bucket: backups, endpoint: "http://store.internal" } } }
buckets:
  backups: { policy: { deny-plain-http: true, deny-unencrypted-puts: true } }
`);
  expect(problems.map(({ rule, line }) => [rule, line])).toEqual([
    ['policy-locks-out', 4],
    ['policy-locks-out', 4],
  ]);
});

test('moves to infrequent access before 30 days are warned of where the bucket is at Amazon', () => {
  const rules = `[
      { id: current, transition: [{ after: 90d, to: GLACIER }, { after: 14d, to: STANDARD_IA }] },
      { id: enough, transition: [{ after: 30d, to: ONEZONE_IA }] },
      { id: cold, transition: [{ after: 1d, to: GLACIER_IR }] },
      { id: old, noncurrent: { transition: [{ after: 29d, to: ONEZONE_IA }] } }
    ]`;
  const of = (more: string) =>
    parse(`environments: { a: {} }\nbuckets:\n  backups:\n    lifecycle: ${rules}\n${more}`).problems;
  expect(of('').map(({ rule, severity, line, message }) => [rule, severity, line, message])).toEqual([
    [
      'infrequent-access-too-early',
      'warning',
      5,
      expect.stringContaining("STANDARD_IA before 30d, and rule 'current' says 2w"),
    ],
    [
      'infrequent-access-too-early',
      'warning',
      8,
      expect.stringContaining("ONEZONE_IA before 30d, and rule 'old' says 29d"),
    ],
  ]);
  expect(of('    endpoint: "https://s3.internal"\n')).toEqual([]);
});

test('an id that is there already is told, and ids that are missing only as that', () => {
  const lifecycle = (...rules: string[]): readonly string[] =>
    parse(
      `environments: { dev: {} }\nbuckets: { photos: { region: x, lifecycle: [${rules.join(', ')}] } }\n`,
    ).problems.map(({ message }) => message);
  const named = '{ id: a, expire-after: 9d }';
  expect(lifecycle(named, named)).toEqual(["there is a rule 'a' above"]);
  const nameless = '{ expire-after: 9d }';
  expect(lifecycle(nameless, nameless)).toEqual([
    expect.stringContaining("missing key 'id'"),
    expect.stringContaining("missing key 'id'"),
  ]);
});

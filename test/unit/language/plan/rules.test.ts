import { describe, expect, test } from 'vitest';
import { rules } from '../../../../src/language/plan/rules/rules.ts';
import { loadFiles } from './workspace-fixture.ts';

interface Case {
  /** Rule, and what the case shows. */
  readonly rule: string;
  readonly shows: string;
  readonly plan: string;
  readonly environments?: string;
}

const steps = 'steps: [{ task: postgres-dump }, { task: artifact-verify }]';
const database = 'postgres: { host: db.internal, database: cleaning, user: backup }';

function plan(...lines: readonly string[]): string {
  const text = lines.join('\n');
  return [
    'environment: prod',
    ...(/^timeout:/m.test(text) ? [] : ['timeout: 2h']),
    text,
    ...(/^(steps|prepare):/m.test(text) ? [] : [steps]),
  ].join('\n');
}

function inEnvironment(line: string): string {
  return `environments:\n  prod:\n    ${database}\n    repository: { folder: /var/backups }\n    ${line}\n`;
}

function inBucket(bucket: string, rest = ''): string {
  return `environments:
  prod:
    ${database}
    repository: { s3: { bucket: cleaning-backups, prefix: prod } }
    uploads: { s3: { bucket: cleaning-uploads } }
${rest}buckets:
${bucket}
`;
}

const lifecycle = (name: string, rule: string): string =>
  inBucket(`  ${name}: { versioning: true, lifecycle: [{ id: all, ${rule} }] }`);
const restore = '{ task: database-restore }';

const firing: readonly Case[] = [
  {
    rule: 'dump-without-verify',
    shows: 'no verify step at all',
    plan: plan('steps: [{ task: postgres-dump }]'),
  },
  {
    rule: 'dump-without-verify',
    shows: 'a verify step that may be skipped',
    plan: plan(
      'parameters: { v: { default: yes } }',
      'steps: [{ task: postgres-dump }, { task: artifact-verify, when: "${parameters.v}" }]',
    ),
  },
  {
    rule: 'dump-without-verify',
    shows: 'a verify step before the dump',
    plan: plan('steps: [{ task: artifact-verify }, { task: postgres-dump }]'),
  },
  {
    rule: 'dump-without-verify',
    shows: 'a verify step of another environment',
    plan: plan('steps: [{ task: postgres-dump }, { task: artifact-verify, environment: other }]'),
  },
  {
    rule: 'dump-without-verify',
    shows: 'a verify step in cleanup, which follows failures too',
    plan: plan('steps: [{ task: postgres-dump }]', 'cleanup: [{ task: artifact-verify }]'),
  },
  {
    rule: 'drill-without-check',
    shows: 'a restore and nothing after it',
    plan: plan(`steps: [{ run: echo before }, ${restore}]`),
  },
  {
    rule: 'retention-keeps-nothing',
    shows: 'zeros',
    plan: plan('retention: { keep-last: 0, keep-within: 0d }'),
  },
  {
    rule: 'retention-keeps-nothing',
    shows: 'a floor of zero',
    plan: plan('retention: { keep-within: 14d, keep-at-least: 0 }'),
  },
  {
    rule: 'schedule-slower-than-rpo',
    shows: 'a weekly plan for a day',
    plan: plan('objectives: { rpo: 24h }', 'schedule: [{ calendar: weekly }]'),
  },
  {
    rule: 'schedule-slower-than-rpo',
    shows: 'working days only',
    plan: plan('objectives: { rpo: 24h }', 'schedule: [{ cron: "0 2 * * 1-5" }]'),
  },
  {
    rule: 'schedule-slower-than-rpo',
    shows: 'a time that is skipped when clocks go forward',
    plan: plan(
      'time-zone: Europe/Berlin',
      'objectives: { rpo: 24h }',
      'schedule: [{ calendar: "*-*-* 02:30:00" }]',
    ),
  },
  {
    rule: 'schedule-never-fires',
    shows: '30 February',
    plan: plan('schedule: [{ calendar: "*-02-30 02:00:00" }]'),
  },
  {
    rule: 'schedule-never-fires',
    shows: 'a season that ends before it begins',
    plan: plan('schedule: [{ calendar: daily }, { calendar: hourly, from: 2027-02-01, until: 2027-01-01 }]'),
  },
  {
    rule: 'schedule-never-fires',
    shows: 'a season without a matching day',
    plan: plan(
      'schedule: [{ calendar: daily }, { calendar: "Mon *-*-* 03:00:00", from: 2027-01-05, until: 2027-01-06 }]',
    ),
  },
  {
    rule: 'schedule-overlaps',
    shows: 'two entries at midnight',
    plan: plan('schedule: [{ calendar: daily }, { cron: "0 */6 * * *" }]'),
  },
  {
    rule: 'schedule-overlaps',
    shows: 'two entries at midnight, from a season on',
    plan: plan('schedule: [{ calendar: daily }, { calendar: daily, from: 2028-12-01 }]'),
  },
  {
    rule: 'schedule-ends',
    shows: 'only seasons',
    plan: plan('schedule: [{ calendar: daily, until: 2027-01-05 }]'),
  },
  {
    rule: 'jitter-too-long',
    shows: 'half an hour, which a host that boots often never waits for',
    plan: plan('schedule: [{ calendar: daily }]', 'timer: { jitter: 30m }'),
  },
  {
    rule: 'jitter-too-long',
    shows: 'more than half of the time between two runs',
    plan: plan('schedule: [{ calendar: "*:0/10" }]', 'timer: { jitter: 6m }'),
  },
  {
    rule: 'schedule-without-alert',
    shows: 'alerts that are of another plan only',
    plan: plan('schedule: [{ calendar: daily }]'),
    environments: inEnvironment('alerts: [{ ping: { url: { env: PING }, plans: [weekly] } }]'),
  },
  { rule: 'timeout-missing', shows: 'no timeout', plan: `environment: prod\n${steps}` },
  {
    rule: 'secret-in-clear',
    shows: 'a token in a header of an alert',
    plan: plan(),
    environments: inEnvironment(
      'alerts: [{ webhook: { url: { env: HOOK }, headers: { authorization: Bearer hunter2 } } }]',
    ),
  },
  {
    rule: 'secret-in-clear',
    shows: 'an assignment in a command',
    plan: plan('steps: [{ run: PGPASSWORD=hunter2 psql -c "select 1" }]'),
  },
  {
    rule: 'secret-in-clear',
    shows: 'a password in an address',
    plan: plan('steps: [{ run: psql postgres://backup:hunter2@db/cleaning }]'),
  },
  {
    rule: 'secret-in-clear',
    shows: 'a token among the parameters',
    plan: plan('steps: [{ task: page-fetch, with: { api-token: abcdef } }]'),
  },
  {
    rule: 'secret-in-clear',
    shows: 'a header that lets somebody in',
    plan: plan('steps: [{ task: page-fetch, with: { headers: { Authorization: Bearer abcdef } } }]'),
  },
  {
    rule: 'secret-in-clear',
    shows: 'a password in the environments',
    plan: plan(),
    environments: `environments: { prod: { postgres: { host: db, database: a, user: b, password: hunter2 }, repository: { folder: /b } } }`,
  },
  {
    rule: 'backups-beside-uploads',
    shows: 'one bucket',
    plan: plan(),
    environments: inBucket('  cleaning-backups: {}').replace('cleaning-uploads', 'cleaning-backups'),
  },
  {
    rule: 'folder-on-database-host',
    shows: 'a protected database of this host',
    plan: plan(),
    environments: `environments: { prod: { protected: true, postgres: { host: /run/postgresql, database: a, user: b }, repository: { folder: /b } } }`,
  },
  {
    rule: 'expiry-shorter-than-retention',
    shows: 'the store removes first',
    plan: plan('retention: { keep-within: 14d, keep-weekly: 4 }'),
    environments: lifecycle('cleaning-backups', 'prefix: prod/, expire-after: 21d'),
  },
  {
    rule: 'noncurrent-expiry-shorter-than-retention',
    shows: 'uploads of an older day are gone',
    plan: plan('retention: { keep-within: 14d, keep-weekly: 4 }'),
    environments: lifecycle('cleaning-uploads', 'noncurrent: { expire-after: 14d }'),
  },
  {
    rule: 'object-lock-longer-than-retention',
    shows: 'a lock of a month',
    plan: plan('retention: { keep-within: 14d }'),
    environments: inBucket('  cleaning-backups: { object-lock: { mode: governance, for: 30d } }'),
  },
  {
    rule: 'storage-class-slower-than-rto',
    shows: 'an archive',
    plan: plan('objectives: { rto: 4h }'),
    environments: lifecycle('cleaning-backups', 'transition: [{ after: 30d, to: DEEP_ARCHIVE }]'),
  },
];

const silent: readonly Case[] = [
  {
    rule: 'jitter-too-long',
    shows: 'five minutes',
    plan: plan('schedule: [{ calendar: daily }]', 'timer: { jitter: 5m }'),
  },
  {
    rule: 'dump-without-verify',
    shows: 'a restore reads more than a verify step',
    plan: plan(`prepare: [{ task: postgres-dump }]`, `steps: [${restore}, { run: pytest }]`),
  },
  {
    rule: 'drill-without-check',
    shows: 'a command of the operator checks',
    plan: plan(`steps: [${restore}, { run: pytest -q }]`),
  },
  {
    rule: 'drill-without-check',
    shows: 'a recovery is no drill',
    plan: plan('writes: prod', `steps: [${restore}]`),
  },
  {
    rule: 'retention-keeps-nothing',
    shows: 'one rule is enough',
    plan: plan('retention: { keep-last: 0, keep-daily: 1 }'),
  },
  {
    rule: 'retention-keeps-nothing',
    shows: 'a variable that is not set here',
    plan: plan('retention: { keep-within: { env: UNSET } }'),
  },
  {
    rule: 'schedule-slower-than-rpo',
    shows: 'a day is a day where clocks change',
    plan: plan(
      'time-zone: Europe/Berlin',
      'objectives: { rpo: 24h }',
      'schedule: [{ calendar: "*-*-* 04:30:00" }]',
    ),
  },
  {
    rule: 'schedule-slower-than-rpo',
    shows: 'two entries together are fast enough',
    plan: plan('objectives: { rpo: 12h }', 'schedule: [{ cron: "0 2 * * *" }, { cron: "0 14 * * *" }]'),
  },
  {
    rule: 'schedule-never-fires',
    shows: '29 February',
    plan: plan('schedule: [{ calendar: "*-02-29 02:00:00" }]'),
  },
  {
    rule: 'schedule-overlaps',
    shows: 'one cron entry of two calendars',
    plan: plan('schedule: [{ cron: "0 2 1 * 1" }]'),
  },
  {
    rule: 'schedule-overlaps',
    shows: 'the peak season of the README',
    plan: plan('schedule: [{ calendar: "*-*-* 02:00:00 UTC" }, { calendar: "*-*-* 00/6:00:00 UTC" }]'),
  },
  {
    rule: 'schedule-ends',
    shows: 'one entry without an end',
    plan: plan('schedule: [{ calendar: daily }, { calendar: hourly, until: 2027-01-05 }]'),
  },
  {
    rule: 'schedule-without-alert',
    shows: 'a ping for it',
    plan: plan('schedule: [{ calendar: daily }]'),
    environments: inEnvironment('alerts: [{ ping: { url: { env: PING }, plans: [nightly] } }]'),
  },
  { rule: 'timeout-missing', shows: 'a timeout', plan: plan() },
  {
    rule: 'secret-in-clear',
    shows: "bash's own variables",
    plan: plan('steps: [{ run: \'PGPASSWORD="$PW" psql "postgres://backup:${PW}@db/cleaning"\' }]'),
  },
  {
    rule: 'secret-in-clear',
    shows: 'references of every kind',
    plan: plan(),
    environments: `environments: { prod: { postgres: { host: db, database: a, user: b, password: { command: pass show db/password } }, repository: { folder: /b } } }`,
  },
  {
    rule: 'backups-beside-uploads',
    shows: 'two buckets',
    plan: plan(),
    environments: inBucket('  cleaning-backups: {}'),
  },
  {
    rule: 'folder-on-database-host',
    shows: 'a database elsewhere',
    plan: plan(),
    environments: `environments: { prod: { protected: true, ${database}, repository: { folder: /b } } }`,
  },
  {
    rule: 'expiry-shorter-than-retention',
    shows: 'keys of another prefix',
    plan: plan('retention: { keep-within: 14d }'),
    environments: lifecycle('cleaning-backups', 'prefix: staging/, expire-after: 1d'),
  },
  {
    rule: 'noncurrent-expiry-shorter-than-retention',
    shows: 'versions that live as long',
    plan: plan('retention: { keep-within: 14d, keep-weekly: 4 }'),
    environments: lifecycle('cleaning-uploads', 'noncurrent: { expire-after: 28d }'),
  },
  {
    rule: 'object-lock-longer-than-retention',
    shows: 'a lock as long as the retention',
    plan: plan('retention: { keep-within: 30d }'),
    environments: inBucket('  cleaning-backups: { object-lock: { mode: governance, for: 30d } }'),
  },
  {
    rule: 'storage-class-slower-than-rto',
    shows: 'a class that answers at once',
    plan: plan('objectives: { rto: 4h }'),
    environments: lifecycle('cleaning-backups', 'transition: [{ after: 30d, to: GLACIER_IR }]'),
  },
];

const plain = `environments:
  prod: { ${database}, repository: { folder: /var/backups } }
  other: { ${database}, repository: { folder: /var/other } }
`;

function taskSource(name: string, role: string): string {
  return `export default { name: '${name}', description: 'x', needs: [], writes: [], outputs: [], role: '${role}', parameters: { type: 'object', properties: {}, additionalProperties: true }, run() {} };\n`;
}

async function found({
  plan: text,
  environments = plain,
}: Case): Promise<readonly { readonly rule: string; readonly severity: string }[]> {
  const { problems } = await loadFiles({
    'nightly.yaml': text,
    'environments.yaml': environments,
    'tasks/database-restore.js': taskSource('database-restore', 'restore'),
    'tasks/page-fetch.js': taskSource('page-fetch', 'other'),
  });
  return problems;
}

describe('a rule fires', () => {
  test.each(firing)('$rule: $shows', async (example) => {
    const severity = rules.find(({ name }) => name === example.rule)?.severity;
    expect(await found(example)).toContainEqual(expect.objectContaining({ rule: example.rule, severity }));
  });
});

describe('a rule is silent', () => {
  test.each(silent)('$rule: $shows', async (example) => {
    const problems = await found(example);
    expect(problems.filter(({ rule, severity }) => rule === example.rule || severity === 'error')).toEqual(
      [],
    );
  });
});

test('every rule is shown firing and silent, and gives its reason', () => {
  const names = rules.map(({ name }) => name).sort();
  expect([...new Set(firing.map(({ rule }) => rule))].sort()).toEqual(names);
  expect([...new Set(silent.map(({ rule }) => rule))].sort()).toEqual(names);
  for (const { reason } of rules) expect(reason).toMatch(/^[A-Z].+\.$/);
});

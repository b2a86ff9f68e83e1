import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { exportBuildkite } from '../../../../src/place/export/buildkite.ts';
import { exportCron } from '../../../../src/place/export/cron.ts';
import type { ExportedPlan } from '../../../../src/place/export/exported-plan.ts';
import { exportGitHubActions } from '../../../../src/place/export/github-actions.ts';
import { exportKubernetes } from '../../../../src/place/export/kubernetes.ts';
import { amazon, compatible, exportedOf, settings } from './exported.ts';

/** Names that a scheduler's file takes from its store, or asks an operator to lay down. */
interface Named {
  readonly secrets: readonly string[];
  readonly credentials: readonly string[];
  readonly variables: readonly string[];
}

const position = 'plans/environments.yaml:1:1';

/** Secrets where they hide: in a task's parameters, in what a step's commands are given, in settings that no exporter knows, under like names. */
const everywhere = exportedOf(
  {
    steps: [
      {
        id: 'http-check',
        name: 'http-check',
        phase: 'steps',
        position,
        environment: 'prod',
        action: {
          kind: 'task',
          task: 'http-check',
          parameters: {
            url: 'https://x.example',
            headers: [{ value: { env: 'API_TOKEN' } }, { value: { credential: 'api.token' } }],
          },
        },
        variables: {
          NOTIFY: { kind: 'env', name: 'NOTIFY_TOKEN', position },
          PAGER: { kind: 'credential', name: 'pager', position },
          STAGE: 'drill',
        },
        stallTimeoutMs: 1_800_000,
        retry: { times: 0, delayMs: 0, backoff: 'constant' },
        continueOnFailure: false,
      },
    ],
  },
  [
    {
      ...amazon,
      alerts: [
        {
          kind: 'ping',
          name: 'prod ping',
          events: [],
          timeoutMs: 1000,
          url: { kind: 'credential', name: 'api-token', position },
        },
      ],
    },
    compatible(true),
  ],
  {
    written: [
      { timeout: { env: 'PLAN_TIMEOUT', default: '2h' } },
      { postgres: { host: { env: 'DB_HOST' }, password: { env: 'DB_PASSWORD' } } },
    ],
  },
);

const cases: readonly (readonly [string, ExportedPlan, Named])[] = [
  [
    'secrets of every kind, wherever they lie',
    everywhere,
    {
      secrets: ['API_TOKEN', 'DB_PASSWORD', 'NOTIFY_TOKEN', 'OTHER_KEY', 'OTHER_KEY_ID'],
      credentials: ['age-identity', 'api-token', 'api.token', 'pager'],
      variables: ['DB_HOST', 'PLAN_TIMEOUT'],
    },
  ],
  [
    "the SDK's own keys where nothing else gives any",
    exportedOf({}, [compatible(false)], { written: [] }),
    { secrets: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], credentials: [], variables: [] },
  ],
];

const credentialVariables: Readonly<Record<string, string>> = {
  'age-identity': 'CREDENTIAL_AGE_IDENTITY',
  'api-token': 'CREDENTIAL_API_TOKEN',
  'api.token': 'CREDENTIAL_API_TOKEN_2',
  pager: 'CREDENTIAL_PAGER',
};

function inOrder(found: Iterable<string>): readonly string[] {
  return [...new Set(found)].sort();
}

function group(text: string, pattern: RegExp): readonly string[] {
  return inOrder([...text.matchAll(pattern)].map(({ groups }) => groups?.['name'] ?? ''));
}

describe.each(cases)('an export names %s', (_, exported, { secrets, credentials, variables }) => {
  const inStore = inOrder([...secrets, ...credentials.map((name) => credentialVariables[name] ?? '')]);

  it('to GitHub', () => {
    const text =
      exportGitHubActions([exported], { ...settings, runner: 'ubuntu-24.04' }).files[0]?.text ?? '';
    expect(group(text, /\$\{\{ secrets\.(?<name>\w+) \}\}/g)).toEqual(inStore);
    expect(group(text, /\$\{\{ vars\.(?<name>(?!AWS_)\w+) \}\}/g)).toEqual(variables);
    for (const name of credentials) expect(text).toContain(`credentials"/${name}\n`);
    for (const name of [...inStore, ...variables])
      expect(text).toMatch(new RegExp(`^# .* to set:.*\\b${name}\\b`, 'm'));
  });

  it('to Buildkite', () => {
    const text = exportBuildkite([exported], settings).files[0]?.text ?? '';
    const { steps } = parse(text) as { readonly steps: readonly [{ readonly secrets: readonly string[] }] };
    expect(inOrder(steps[0].secrets)).toEqual(inStore);
    for (const name of variables)
      expect(text).toMatch(new RegExp(`^# Environment variables.*\\b${name}\\b`, 'm'));
  });

  it('to Kubernetes', () => {
    const { files } = exportKubernetes([exported], {
      ...settings,
      image: 'run-plan:0.1.0',
      files: [{ path: 'plans/nightly.yaml', text: 'x' }],
    });
    const text = files[0]?.text ?? '';
    const data = JSON.stringify(parseAllDocuments(text).map((document) => document.toJS() as unknown));
    expect(group(data, /"secretKeyRef":\{"name":"run-plan-secrets","key":"(?<name>[^"]+)"/g)).toEqual(
      secrets,
    );
    expect(group(data, /"configMapKeyRef":\{"name":"run-plan-variables","key":"(?<name>[^"]+)"/g)).toEqual(
      variables,
    );
    const mounted = /"secretName":"run-plan-credentials","defaultMode":\d+,"items":\[(?<items>[^\]]*)\]/.exec(
      data,
    );
    expect(group(mounted?.groups?.['items'] ?? '', /"key":"(?<name>[^"]+)"/g)).toEqual(credentials);
    expect(data).toContain(credentials.length > 0 ? 'CREDENTIALS_DIRECTORY' : 'STATE_DIRECTORY');
  });

  it('to cron', () => {
    const place = { node: '/node', launcher: '/run-plan.cjs', workingFolder: '/etc/run-plan' };
    const text = exportCron([exported], { ...settings, place }).files[0]?.text ?? '';
    const line = (pattern: RegExp): readonly string[] => inOrder(pattern.exec(text)?.[1]?.split(' ') ?? []);
    // The SDK's own keys lie where the account of the crontab has them.
    const own = secrets.filter((name) => !name.startsWith('AWS_'));
    expect(line(/^# Needs \/etc\/run-plan\/environment.* for: (.*)$/m)).toEqual(
      inOrder([...own, ...variables]),
    );
    expect(line(/^# Needs \/etc\/run-plan\/credentials.* files: (.*)$/m)).toEqual(credentials);
  });
});

it('names files and commands that only a host has', () => {
  const { postgres } = amazon;
  if (postgres === undefined) throw new Error('no postgres');
  const exported = exportedOf({}, [
    {
      ...amazon,
      postgres: {
        ...postgres,
        sslrootcert: '/etc/ssl/db-ca.pem',
        password: { kind: 'command', command: 'pass show db', position },
      },
    },
  ]);
  const text = exportGitHubActions([exported], { ...settings, runner: 'ubuntu-24.04' }).files[0]?.text ?? '';
  expect(text).toContain("# Needs the command 'pass show db' (a secret)");
  expect(text).toContain('# Needs the certificate /etc/ssl/db-ca.pem');
});

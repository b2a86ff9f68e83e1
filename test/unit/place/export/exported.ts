import type { Environment } from '../../../../src/language/environment/environment.ts';
import type { ExportedPlan, ExportSettings } from '../../../../src/place/export/exported-plan.ts';
import type { Plan } from '../../../../src/language/plan/plan.ts';
import { planOf } from '../unit/wanted.ts';

const position = 'plans/environments.yaml:1:1';

export const settings: ExportSettings = {
  version: '0.1.0',
  now: new Date('2026-11-24T00:00:00Z'),
  package: 'run-plan@0.1.0',
};

/** An environment on Amazon S3 with one secret of every kind but a command. */
export const amazon: Environment = {
  name: 'prod',
  protected: true,
  postgres: {
    host: 'db.internal',
    port: 5432,
    database: 'cleaning',
    user: 'backup',
    password: { kind: 'env', name: 'DB_PASSWORD', position },
    sslmode: 'verify-full',
  },
  repository: {
    store: {
      kind: 's3',
      s3: { bucket: 'cleaning-backups', prefix: 'prod', region: 'eu-central-1', forcePathStyle: false },
    },
    encrypt: {
      recipients: ['age1x'],
      identity: { kind: 'credential', name: 'age-identity', position },
    },
  },
};

/** An environment whose files are on a store of another maker, by its own keys or by the SDK's. */
export const compatible = (keys: boolean): Environment => ({
  name: 'other',
  protected: false,
  uploads: {
    store: {
      kind: 's3',
      s3: {
        bucket: 'uploads',
        prefix: '',
        endpoint: 'https://s3.internal:9000',
        forcePathStyle: true,
        ...(keys && {
          accessKeyId: { kind: 'env', name: 'OTHER_KEY_ID', position },
          secretAccessKey: { kind: 'env', name: 'OTHER_KEY', position },
        }),
      },
    },
  },
});

export const inFolder: Environment = {
  name: 'office',
  protected: false,
  repository: { store: { kind: 'folder', folder: '/var/backups/clean' } },
};

export const throwAway: Environment = { name: 'scratch', protected: false, ephemeral: true };

export const season = {
  calendar: '*-*-* 00/6:00:00',
  from: '2026-11-20',
  until: '2027-01-05',
} as const;

export function exportedOf(
  changes: Partial<Plan> = {},
  environments: readonly Environment[] = [amazon],
  more: Partial<ExportedPlan> = {},
): ExportedPlan {
  return {
    plan: planOf({ schedule: [{ calendar: '*-*-* 02:00:00' }, season], ...changes }),
    environments,
    written: [
      { retention: { 'keep-within': { env: 'RETENTION_DAYS', default: '14d' } } },
      { postgres: { host: { env: 'DB_HOST' }, password: { env: 'DB_PASSWORD' } } },
    ],
    ...more,
  };
}

/** Plans of every shape that the exporters treat differently. */
export const shapes: readonly (readonly [what: string, exported: ExportedPlan])[] = [
  ['a schedule with a season', exportedOf()],
  ['a zone whose clocks change', exportedOf({ timeZone: 'Europe/Berlin' })],
  [
    'parameters and a step that runs a command',
    exportedOf({
      parameters: [
        { name: 'artifact', default: "it's latest", description: 'which: "one"' },
        { name: 'target-name' },
      ],
      steps: [
        {
          id: 'migrate',
          name: 'migrate',
          phase: 'steps',
          position,
          environment: 'prod',
          action: { kind: 'run', script: 'alembic upgrade head', cwd: '/srv/app' },
          stallTimeoutMs: 1_800_000,
          retry: { times: 0, delayMs: 0, backoff: 'constant' },
          continueOnFailure: false,
        },
      ],
    }),
  ],
  ['a throw-away cluster', exportedOf({ timeoutMs: 8 * 3_600_000 }, [amazon, throwAway])],
  ['a store of another maker', exportedOf({}, [compatible(false)])],
];

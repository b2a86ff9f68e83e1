import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../../../src/language/environment/environment.ts';
import type { Plan } from '../../../../src/language/plan/plan.ts';
import type { UnitFile } from '../../../../src/place/unit/unit-file.ts';
import type { UnitScope } from '../../../../src/place/unit/unit-scope.ts';
import { wantedUnits, type WantedUnits } from '../../../../src/place/unit/wanted-units.ts';
import { root } from '../../project/source-files.ts';

export const system: UnitScope = { kind: 'system', configHome: '/home/ann/.config' };
export const user: UnitScope = { kind: 'user', configHome: '/home/ann/.config' };

export const prod: Environment = {
  name: 'prod',
  protected: true,
  postgres: {
    host: 'db.internal',
    port: 5432,
    database: 'cleaning',
    user: 'backup',
    password: { kind: 'credential', name: 'postgres-password', position: 'environments.yaml:3:3' },
    sslmode: 'verify-full',
  },
  repository: { store: { kind: 'folder', folder: '/var/backups/clean 100%' } },
};

export function planOf(changes: Partial<Plan> = {}): Plan {
  return {
    name: 'nightly',
    file: 'plans/nightly.yaml',
    hash: 'a'.repeat(64),
    description: 'Nightly, 100% of it\nin two lines\\',
    environment: 'prod',
    timeZone: 'UTC',
    schedule: [{ calendar: '*-*-* 02:00:00 UTC' }],
    objectives: {},
    timeoutMs: 7_200_000,
    parameters: [],
    steps: [],
    ...changes,
  };
}

/** The units of plans on a host as most are. */
export async function wantedFor(
  plans: readonly Plan[],
  changes: Partial<WantedUnits> = {},
): Promise<readonly UnitFile[]> {
  const shipped = (name: string): Promise<string> => readFile(join(root, 'systemd', name), 'utf8');
  return wantedUnits({
    plans,
    environmentsOf: () => [prod],
    bucketsOf: () => [],
    place: {
      node: process.execPath,
      launcher: '/usr/lib/node_modules/run-plan/bin/run-plan.cjs',
      settingsFile: '/etc/run-plan/run-plan.yaml',
      workingFolder: '/etc/run-plan',
    },
    scope: system,
    templates: { run: await shipped('run-plan@.service'), alert: await shipped('run-plan-alert@.service') },
    ...changes,
  });
}

export function textOf(units: readonly UnitFile[], path: string): string {
  const unit = units.find((each) => each.path === path);
  if (unit?.kind !== 'text') throw new Error(`no text at ${path}`);
  return unit.text;
}

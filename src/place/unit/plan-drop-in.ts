import { join, resolve } from 'node:path';
import type { Bucket } from '../../language/environment/bucket.ts';
import type { Environment } from '../../language/environment/environment.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { credentialNames } from './credentials.ts';
import { writable } from './host-drop-in.ts';
import { marked } from './mark.ts';
import { timeLimitsOf } from './unit-time-limits.ts';
import { settingsHome, type UnitScope } from './unit-scope.ts';
import { plainValue } from './value-text.ts';

export interface PlanSurroundings {
  /** Every environment that a step of the plan uses. */
  readonly environments: readonly Environment[];
  /** Declared buckets that a step of the plan asks with keys of their own. */
  readonly buckets: readonly Bucket[];
  readonly workingFolder: string;
  readonly scope: UnitScope;
}

/** What one plan's run needs beyond the template: the network, its deadline, its secrets, the folders that it writes. */
export function renderPlanDropIn(plan: Plan, surroundings: PlanSurroundings): string {
  const { environments, workingFolder, scope } = surroundings;
  const { startMs, stopMs } = timeLimitsOf(plan);
  const stores = environments.flatMap(({ repository, uploads }) => [repository?.store, uploads?.store]);
  const folders = stores.flatMap((store) =>
    store?.kind === 'folder' ? [resolve(workingFolder, store.folder)] : [],
  );
  const body = [
    '',
    ...(scope.kind === 'system'
      ? ['[Unit]', 'Wants=network-online.target', 'After=network-online.target', '']
      : []),
    '[Service]',
    `TimeoutStartSec=${seconds(startMs)}`,
    `TimeoutStopSec=${seconds(stopMs)}`,
    ...credentials(plan, surroundings),
    ...(scope.kind === 'system' ? writable(folders) : []),
    '',
  ];
  return marked(body.join('\n'), plan);
}

/**
 * What the alert of a failed plan needs: the secrets of its channels, and those of the plan, to mask them. None of them
 * must be there: one that is missing is often why there is an alert.
 */
export function renderAlertDropIn(plan: Plan, surroundings: PlanSurroundings): string {
  const { scope } = surroundings;
  const lines = credentials(plan, surroundings, 'all');
  const network = ['[Unit]', 'Wants=network-online.target', 'After=network-online.target', ''];
  const body = ['', ...(scope.kind === 'system' ? network : []), '[Service]', ...lines, ''];
  return marked(body.join('\n'), plan);
}

/** A backup must not wait for the secret of an alert: what only alerts use may be missing, and is then empty. */
function credentials(
  plan: Plan,
  { environments, buckets, scope }: PlanSurroundings,
  mayLack: 'all' | 'alerts' = 'alerts',
): readonly string[] {
  const parameters = plan.steps.map(({ action, variables }) => [
    action.kind === 'task' ? action.parameters : {},
    variables,
  ]);
  const needed = credentialNames(
    environments.map((environment) => ({ ...environment, alerts: undefined })),
    parameters,
    buckets,
  );
  return credentialNames(environments, parameters, buckets).flatMap((name) => [
    `LoadCredential=${plainValue(name)}:${plainValue(join(settingsHome(scope), 'credentials', name))}`,
    ...(mayLack === 'all' || !needed.includes(name) ? [`SetCredential=${plainValue(name)}:\\n`] : []),
  ]);
}

function seconds(ms: number): string {
  return `${String(Math.ceil(ms / 1000))}s`;
}

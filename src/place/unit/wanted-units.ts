import type { DeclaredBucket } from '../../language/environment/bucket.ts';
import type { DeclaredEnvironment } from '../../language/environment/environment.ts';
import { demandKnown } from '../../language/plan/workspace.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { renderHostDropIn, writable } from './host-drop-in.ts';
import type { ProgramPlace } from './program-place.ts';
import { hasTimer, renderTimer } from './timer-unit.ts';
import { alertName, enablingLink, serviceName, timerName, type UnitFile } from './unit-file.ts';
import { unitFolderInside, type UnitScope, settingsHome } from './unit-scope.ts';
import { marked } from './mark.ts';
import { join, resolve } from 'node:path';
import { timeLimitsOf } from './unit-time-limits.ts';
import { plainValue } from './value-text.ts';

export interface WantedUnits {
  readonly plans: readonly Plan[];
  /** Only the units of the plan of this name, and those that all share. */
  readonly only?: string | undefined;
  readonly environmentsOf: (plan: Plan) => readonly DeclaredEnvironment[];
  /** Declared buckets that a plan asks with the keys of each. */
  readonly bucketsOf: (plan: Plan) => readonly DeclaredBucket[];
  readonly place: ProgramPlace;
  readonly scope: UnitScope;
  /** Texts of the shipped `run-plan@.service` and `run-plan-alert@.service`. */
  readonly templates: { readonly run: string; readonly alert: string };
}

/** Every file that should be in the folder of units: of the plans with a schedule, and what these share. Pure. */
export function wantedUnits(wanted: WantedUnits): readonly UnitFile[] {
  const scheduled = wanted.plans.filter(hasTimer);
  if (scheduled.length === 0) return [];
  const asked = scheduled.filter(({ name }) => wanted.only === undefined || name === wanted.only);
  return [...sharedUnits(wanted), ...asked.flatMap((plan) => unitsOf(plan, wanted))];
}

function sharedUnits({ place, scope, templates }: WantedUnits): readonly UnitFile[] {
  const text = (path: string, content: string): UnitFile => ({ path, kind: 'text', text: content });
  const failed = ['alerts', 'unit-failed', '%i'];
  return [
    text('run-plan@.service', renderTemplate(templates.run, scope)),
    text('run-plan@.service.d/50-host.conf', renderHostDropIn(['run', '%i'], place, scope)),
    text('run-plan-alert@.service', renderTemplate(templates.alert, scope)),
    text('run-plan-alert@.service.d/50-host.conf', renderHostDropIn(failed, place, scope)),
  ];
}

function unitsOf(plan: Plan, { environmentsOf, bucketsOf, place, scope }: WantedUnits): readonly UnitFile[] {
  const surroundings = {
    environments: environmentsOf(plan),
    buckets: bucketsOf(plan),
    workingFolder: place.workingFolder,
    scope,
  };
  const text = (path: string, content: string): UnitFile => ({
    path,
    plan: plan.name,
    kind: 'text',
    text: content,
  });
  return [
    text(`${serviceName(plan.name)}.d/50-plan.conf`, renderPlanDropIn(plan, surroundings)),
    text(`${alertName(plan.name)}.d/50-plan.conf`, renderAlertDropIn(plan, surroundings)),
    text(timerName(plan.name), renderTimer(plan)),
    {
      path: enablingLink(plan.name),
      plan: plan.name,
      kind: 'link',
      target: `${unitFolderInside(scope)}/${timerName(plan.name)}`,
    },
  ];
}

/** Settings that only the system's own systemd can give: other accounts, capabilities, file systems of its own. */
const needsPrivilege = new Set([
  ...['User', 'Group', 'CapabilityBoundingSet', 'AmbientCapabilities', 'RemoveIPC'],
  ...[
    'ProtectSystem',
    'ProtectHome',
    'ProtectProc',
    'ProtectClock',
    'ProtectHostname',
    'ProtectControlGroups',
  ],
  ...['ProtectKernelLogs', 'ProtectKernelModules', 'ProtectKernelTunables'],
  ...['PrivateTmp', 'PrivateDevices', 'PrivateUsers', 'PrivateIPC'],
]);

/** A template as it is shipped, marked; for an account's own units without what an account cannot give. */
function renderTemplate(shipped: string, { kind }: UnitScope): string {
  if (kind === 'system') return marked(shipped);
  const lines = shipped
    .split('\n')
    .filter((line) => !needsPrivilege.has(/^(?<key>\w+)=/.exec(line)?.groups?.['key'] ?? ''));
  return marked(lines.join('\n'));
}

export interface PlanSurroundings {
  /** Every environment that a step of the plan uses. */
  readonly environments: readonly DeclaredEnvironment[];
  /** Declared buckets that a step of the plan asks with keys of their own. */
  readonly buckets: readonly DeclaredBucket[];
  readonly workingFolder: string;
  readonly scope: UnitScope;
}

/** What one plan's run needs beyond the template: the network, its deadline, its secrets, the folders that it writes. */
function renderPlanDropIn(plan: Plan, surroundings: PlanSurroundings): string {
  const { environments, workingFolder, scope } = surroundings;
  const { startMs, stopMs } = timeLimitsOf(plan);
  const stores = environments.flatMap(({ repository, uploads }) => [repository?.store, uploads?.store]);
  const folders = stores.flatMap((store) => (store?.kind === 'folder' ? [store.folder] : []));
  const body = [
    '',
    ...(scope.kind === 'system'
      ? ['[Unit]', 'Wants=network-online.target', 'After=network-online.target', '']
      : []),
    '[Service]',
    `TimeoutStartSec=${seconds(startMs)}`,
    `TimeoutStopSec=${seconds(stopMs)}`,
    ...credentials(plan, surroundings),
    ...(scope.kind === 'system'
      ? writable(folders.map((folder) => resolve(workingFolder, demandKnown(folder))))
      : []),
    '',
  ];
  return marked(body.join('\n'), plan);
}

/**
 * What the alert of a failed plan needs: the secrets of its channels, and those of the plan, to mask them. None of them
 * must be there: one that is missing is often why there is an alert.
 */
function renderAlertDropIn(plan: Plan, surroundings: PlanSurroundings): string {
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

/**
 * Names of every systemd credential that settings refer to, sorted: references of environments (`{ kind: credential }`)
 * and those that parameters of a task spell as YAML does (`{ credential: name }`), however deep they lie.
 */
function credentialNames(...settings: readonly unknown[]): readonly string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if (isReference(value)) found.add(value.name);
    else if (isWritten(value)) found.add(value.credential);
    else for (const part of Object.values(value)) look(part);
  };
  for (const value of settings) look(value);
  return [...found].sort();
}

function isReference(value: object): value is { readonly kind: 'credential'; readonly name: string } {
  return 'kind' in value && value.kind === 'credential' && 'name' in value && typeof value.name === 'string';
}

function isWritten(value: object): value is { readonly credential: string } {
  return 'credential' in value && typeof value.credential === 'string' && Object.keys(value).length === 1;
}

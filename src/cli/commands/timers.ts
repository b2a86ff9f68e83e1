import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderRunTime } from '../../language/schedule/run-time.ts';
import { print, printJson, warnOfDamage, type CommandHost } from '../host.ts';
import { needsAttention, planTimer, type PlanTimer } from '../plan-timers.ts';
import { choosePlans, loadPlans } from '../plans.ts';
import { stateFolderOf } from '../state.ts';
import { renderTable } from '../table.ts';
import { unitDifference, type UnitDifference, type UnitOptions } from '../unit-difference.ts';

export interface TimersOptions extends UnitOptions {
  readonly check?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Shows when plans run next and ran last, what systemd makes of their units, and the drift between both. */
export async function timersCommand(
  host: CommandHost,
  name: string | undefined,
  options: TimersOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const chosen = choosePlans(plans, name).filter((plan) => plan.schedule.length > 0 || name !== undefined);
  const difference = await unitDifference(host, plans, options, name);
  const now = new Date();
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const timers = await Promise.all(chosen.map((plan) => planTimer(plan, difference, stateFolder, now)));
  if (options.json === true) printJson(host, asData(timers, difference));
  else
    print(
      host,
      name === undefined
        ? renderAll(timers, difference, now)
        : timers.map((timer) => renderOne(timer, difference, now)).join('\n'),
    );
  warnOfDamage(
    host,
    timers.flatMap(({ damaged }) => damaged),
  );
  const isBad = timers.some(needsAttention) || difference.changes.length > 0;
  return options.check === true && isBad ? exitCode.objectiveMissed : exitCode.done;
}

function renderAll(timers: readonly PlanTimer[], difference: UnitDifference, now: Date): string {
  if (timers.length === 0) return `no plan has a schedule\n${renderOthers(difference)}`;
  const columns = [
    { title: 'PLAN' },
    { title: 'NEXT' },
    { title: 'LAST' },
    { title: 'RESULT' },
    { title: 'TIMER' },
    { title: 'DRIFT' },
  ];
  const rows = timers.map((timer) => [
    timer.plan,
    distance(nextOf(timer), now, 'in', ''),
    distance(lastOf(timer), now, '', 'ago'),
    resultOf(timer),
    stateOf(timer),
    driftOf(timer),
  ]);
  return renderTable(columns, rows) + renderOthers(difference);
}

/** What the rows do not say: units of no plan here, and why systemd could not be asked. */
function renderOthers({ changes, absent }: UnitDifference): string {
  const orphans = changes.filter(({ action, plan }) => action === 'remove' && plan !== undefined);
  const plans = [...new Set(orphans.map(({ plan }) => plan))];
  const shared = changes.filter(({ plan }) => plan === undefined);
  return [
    ...plans.map(
      (plan) => `the units of ${plan ?? ''} are installed, and no plan of that name has a schedule\n`,
    ),
    ...shared.map(({ path, reason }) => `${path}: ${reason}\n`),
    ...(absent === undefined
      ? []
      : [`systemd cannot be asked (${absent}): times are those of the schedules alone\n`]),
  ].join('');
}

function renderOne(timer: PlanTimer, { absent }: UnitDifference, now: Date): string {
  const rows: readonly (readonly [string, string])[] = [
    ...(timer.schedule.length === 0 ? [['schedule', 'none'] as const] : []),
    ...timer.schedule.map((words) => ['schedule', words] as const),
    ...timer.nextRuns.map(
      (at, index) => [index === 0 ? 'next runs' : '', renderRunTime(at, timer.timeZone)] as const,
    ),
    ['last run', lastRunOf(timer, now)],
    ['timer', absent === undefined ? stateOf(timer) : `systemd cannot be asked (${absent})`],
    ...timer.drift.map(
      ({ path, reason }, index) => [index === 0 ? 'drift' : '', `${path}: ${reason}`] as const,
    ),
  ];
  return `${[timer.plan, ...rows.map(([key, value]) => `  ${key.padEnd(9)}  ${value}`.trimEnd())].join('\n')}\n`;
}

function lastRunOf(timer: PlanTimer, now: Date): string {
  const at = lastOf(timer);
  return at === undefined ? resultOf(timer) : `${resultOf(timer)}, ${distance(at, now, '', 'ago')}`;
}

function nextOf({ timer, nextRuns }: PlanTimer): Date | undefined {
  return timer?.nextElapseAt ?? nextRuns[0];
}

/** Of the records and of systemd the later one: a unit that could not start leaves no record. */
function lastOf({ lastRun, service }: PlanTimer): Date | undefined {
  const times = [
    lastRun === undefined ? undefined : new Date(lastRun.startedAt),
    service?.startedAt ?? undefined,
  ];
  return times
    .filter((at) => at !== undefined)
    .sort((a, b) => a.getTime() - b.getTime())
    .at(-1);
}

function resultOf({ service, lastRun }: PlanTimer): string {
  if (service?.active === 'activating') return 'running';
  if (service?.startedAt instanceof Date) {
    const status =
      service.exitStatus === null || service.exitStatus === 0 ? '' : ` (exit ${String(service.exitStatus)})`;
    return `${service.result}${status}`;
  }
  if (service?.active === 'failed') return service.result;
  return lastRun?.outcome ?? 'never';
}

function stateOf({ timer }: PlanTimer): string {
  if (timer === undefined) return '-';
  if (timer.load !== 'loaded') return timer.load;
  return [timer.active, timer.enabled].filter((text) => text !== '').join(', ');
}

function driftOf({ drift }: PlanTimer): string {
  if (drift.length === 0) return 'none';
  const actions = [...new Set(drift.map(({ action }) => action))];
  return `${actions.join(', ')}: run-plan diff tells`;
}

/** `in 3h`, `2d ago`; `-` for no time at all. */
function distance(at: Date | undefined, now: Date, before: string, after: string): string {
  if (at === undefined) return '-';
  return `${before} ${renderDuration(Math.abs(at.getTime() - now.getTime()))} ${after}`.trim();
}

function asData(timers: readonly PlanTimer[], { absent, changes, folder }: UnitDifference): unknown {
  return {
    folder,
    systemd: absent ?? 'running',
    timers: timers.map((timer) => ({
      plan: timer.plan,
      timeZone: timer.timeZone,
      schedule: timer.schedule,
      nextRuns: timer.nextRuns.map((at) => at.toISOString()),
      nextElapseAt: timer.timer?.nextElapseAt?.toISOString() ?? null,
      lastRunAt: lastOf(timer)?.toISOString() ?? null,
      result: resultOf(timer),
      lastRun: timer.lastRun ?? null,
      timer: timer.timer ?? null,
      service: timer.service ?? null,
      needsAttention: needsAttention(timer),
      drift: timer.drift.map(({ action, path, reason }) => ({ action, path, reason })),
      ...(timer.damaged.length > 0 && { damaged: timer.damaged }),
    })),
    orphans: changes.filter(({ action }) => action === 'remove').map(({ path }) => path),
  };
}

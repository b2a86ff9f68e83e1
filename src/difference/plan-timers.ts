import { defined } from '../base/defined.ts';
import type { Damage } from '../base/document.ts';
import type { Plan } from '../language/plan/plan.ts';
import { listRecords } from '../run/record/store.ts';
import { renderScheduleEntry } from '../language/schedule/schedule-words.ts';
import { nextRuns } from '../language/schedule/schedule.ts';
import type { UnitChange } from '../place/unit/comparison.ts';
import type { UnitState } from '../place/unit/systemctl.ts';
import { serviceName, timerName } from '../place/unit/unit-file.ts';
import type { UnitDifference } from '../place/unit/unit-difference.ts';

/** How many of the next runs are told. */
const runsShown = 5;

/** All that is known of when a plan runs: by its YAML, by systemd, by its records. */
export interface PlanTimer {
  readonly plan: string;
  readonly timeZone: string;
  /** Each entry of the schedule in words. */
  readonly schedule: readonly string[];
  /** By the YAML alone. */
  readonly nextRuns: readonly Date[];
  /** Absent where systemd cannot be asked. */
  readonly timer?: UnitState;
  readonly service?: UnitState;
  readonly lastRun?: { readonly id: string; readonly outcome: string; readonly startedAt: string };
  readonly drift: readonly UnitChange[];
  /** Newer journals that cannot be read. */
  readonly damaged: readonly Damage[];
}

/** @param stateFolder where this host's run records are */
export async function planTimer(
  plan: Plan,
  { states, changes }: UnitDifference,
  stateFolder: string,
  now: Date,
): Promise<PlanTimer> {
  const { records, damaged } = await listRecords({ stateFolder }, { plan: plan.name, limit: 1 });
  const [last] = records;
  const timer = states?.get(timerName(plan.name));
  const service = states?.get(serviceName(plan.name));
  return {
    plan: plan.name,
    timeZone: plan.timeZone,
    schedule: plan.schedule.map(
      (entry) => `${entry.cron ?? entry.calendar}: ${renderScheduleEntry(entry, plan.timeZone)}`,
    ),
    nextRuns: nextRuns(plan.schedule, now, runsShown, plan.timeZone).map(({ at }) => at),
    ...defined({ timer, service }),
    ...(last !== undefined && {
      lastRun: { id: last.runId, outcome: last.outcome, startedAt: last.startedAt },
    }),
    drift: changes.filter((change) => change.plan === plan.name),
    damaged,
  };
}

/** Whether somebody should look: the units are not as the plan says, or the last run under systemd failed. */
export function needsAttention({ drift, service }: PlanTimer): boolean {
  return drift.length > 0 || (service !== undefined && !['success', ''].includes(service.result));
}

/** When it runs next: as systemd says, otherwise by the schedule. */
export function nextOf({ timer, nextRuns }: PlanTimer): Date | undefined {
  return timer?.nextElapseAt ?? nextRuns[0];
}

/** Of the records and of systemd the later one: a unit that could not start leaves no record. */
export function lastOf({ lastRun, service }: PlanTimer): Date | undefined {
  const times = [
    lastRun === undefined ? undefined : new Date(lastRun.startedAt),
    service?.startedAt ?? undefined,
  ];
  return times
    .filter((at) => at !== undefined)
    .sort((a, b) => a.getTime() - b.getTime())
    .at(-1);
}

/** How the last run went, in the word of whoever knows better: systemd, otherwise the record. */
export function resultOf({ service, lastRun }: PlanTimer): string {
  if (service?.active === 'activating') return 'running';
  if (service?.startedAt instanceof Date) {
    const status =
      service.exitStatus === null || service.exitStatus === 0 ? '' : ` (exit ${String(service.exitStatus)})`;
    return `${service.result}${status}`;
  }
  if (service?.active === 'failed') return service.result;
  return lastRun?.outcome ?? 'never';
}

/** What systemd makes of the timer; `-` where it cannot be asked. */
export function stateOf({ timer }: PlanTimer): string {
  if (timer === undefined) return '-';
  if (timer.load !== 'loaded') return timer.load;
  return [timer.active, timer.enabled].filter((text) => text !== '').join(', ');
}

/** All of them for `--json`. */
export function timersAsData(
  timers: readonly PlanTimer[],
  { absent, changes, folder }: UnitDifference,
): unknown {
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

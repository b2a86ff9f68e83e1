import { renderDistance, renderMoment, renderTime } from '../../base/quantity/moment.ts';
import { fields, table, type Block } from '../../base/terminal/blocks.ts';
import { status, strong } from '../../base/terminal/status.ts';
import type { Span, Text } from '../../base/terminal/text.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { print, printJson, warnOfDamage, type CommandHost } from '../../task/host.ts';
import {
  lastOf,
  needsAttention,
  nextOf,
  planTimer,
  resultOf,
  stateOf,
  timersAsData,
  type PlanTimer,
} from '../../difference/plan-timers.ts';
import { choosePlans, loadPlans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';
import { unitDifference, type UnitDifference, type UnitOptions } from '../../place/unit/unit-difference.ts';

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
  if (options.json === true) printJson(host, timersAsData(timers, difference));
  else if (name === undefined) print(host, ...allBlocks(timers, difference, now));
  else print(host, ...timers.flatMap((timer) => timerBlocks(timer, difference, now)));
  warnOfDamage(
    host,
    timers.flatMap(({ damaged }) => damaged),
  );
  const isBad = timers.some(needsAttention) || difference.changes.length > 0;
  return options.check === true && isBad ? exitCode.objectiveMissed : exitCode.done;
}

function allBlocks(timers: readonly PlanTimer[], difference: UnitDifference, now: Date): readonly Block[] {
  if (timers.length === 0) return ['no plan has a schedule', ...otherBlocks(difference)];
  const columns = [
    { title: 'PLAN' },
    { title: 'NEXT' },
    { title: 'AT', optional: true },
    { title: 'LAST' },
    { title: 'AT', optional: true },
    { title: 'RESULT' },
    { title: 'TIMER' },
    { title: 'DRIFT' },
  ];
  const rows = timers.map((timer) => {
    const times = [nextOf(timer), lastOf(timer)].flatMap((at) =>
      at === undefined ? ['-', '-'] : [renderDistance(at, now), renderTime(at, timer.timeZone)],
    );
    return [timer.plan, ...times, resultText(timer), status(stateOf(timer)), driftText(timer)];
  });
  return [table(columns, rows), ...otherBlocks(difference)];
}

/** What the rows do not say: units of no plan here, and why systemd could not be asked. */
function otherBlocks({ changes, absent }: UnitDifference): readonly Block[] {
  const orphans = changes.filter(({ action, plan }) => action === 'remove' && plan !== undefined);
  const plans = [...new Set(orphans.map(({ plan }) => plan))];
  const shared = changes.filter(({ plan }) => plan === undefined);
  return [
    ...plans.map(
      (plan) => `the units of ${plan ?? ''} are installed, and no plan of that name has a schedule`,
    ),
    ...shared.map(({ path, reason }) => `${path}: ${reason}`),
    ...(absent === undefined
      ? []
      : [`systemd cannot be asked (${absent}): times are those of the schedules alone`]),
  ];
}

function timerBlocks(timer: PlanTimer, { absent }: UnitDifference, now: Date): readonly Block[] {
  const reading = { now, timeZone: timer.timeZone };
  const last = lastOf(timer);
  const since = last === undefined ? '' : `, ${renderMoment(last, reading)}`;
  return [
    strong(timer.plan),
    fields([
      ...(timer.schedule.length === 0 ? [['schedule', 'none'] as const] : []),
      ...timer.schedule.map((words) => ['schedule', words] as const),
      ...timer.nextRuns.map(
        (at, index) => [index === 0 ? 'next runs' : '', renderMoment(at, reading)] as const,
      ),
      ['last run', [resultText(timer), since]],
      ['timer', absent === undefined ? status(stateOf(timer)) : `systemd cannot be asked (${absent})`],
      ...timer.drift.map(
        ({ path, reason }, index) => [index === 0 ? 'drift' : '', `${path}: ${reason}`] as const,
      ),
    ]),
  ];
}

function resultText(timer: PlanTimer): Span {
  const text = resultOf(timer);
  const [word = ''] = text.split(' ', 1);
  return status(
    timer.service?.startedAt instanceof Date && word !== 'success' && word !== 'running' ? 'failed' : word,
    text,
  );
}

function driftText({ drift }: PlanTimer): Text {
  if (drift.length === 0) return 'none';
  const actions = [...new Set(drift.map(({ action }) => action))];
  return [status('drift', actions.join(', ')), ': run-plan diff tells'];
}

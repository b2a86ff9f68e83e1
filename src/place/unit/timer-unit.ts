import type { Plan } from '../../language/plan/plan.ts';
import { renderScheduleEntry } from '../../language/schedule/schedule-words.ts';
import { calendarsOf } from '../../language/schedule/season-calendars.ts';
import { standardJitterMs } from '../../language/schedule/jitter.ts';
import { marked } from './mark.ts';
import { oneLine } from './value-text.ts';

/** Whether a plan has a timer: a schedule that is over, or never was, has no calendar that systemd would take. */
export function hasTimer(plan: Plan): boolean {
  return plan.schedule.some((entry) => calendarsOf(entry, plan.timeZone).length > 0);
}

/** The timer of a plan: every calendar of its schedule, caught up after the host was off. */
export function renderTimer(plan: Plan): string {
  const { description, schedule, timeZone, timer } = plan;
  const jitterMs = timer?.jitterMs ?? standardJitterMs(schedule);
  const body = [
    '',
    '[Unit]',
    `Description=${oneLine(`run-plan ${plan.name} on time${description === undefined ? '' : `: ${description}`}`)}`,
    '',
    '[Timer]',
    ...schedule.flatMap((entry) => [
      `# ${renderScheduleEntry(entry, timeZone)}`,
      ...calendarsOf(entry, timeZone).map((calendar) => `OnCalendar=${calendar}`),
    ]),
    'AccuracySec=1s',
    ...(jitterMs === 0
      ? []
      : [`RandomizedDelaySec=${String(Math.ceil(jitterMs / 1000))}s`, 'FixedRandomDelay=yes']),
    'Persistent=yes',
    ...(timer?.wakeSystem === true ? ['WakeSystem=yes'] : []),
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ];
  return marked(body.join('\n'), plan);
}

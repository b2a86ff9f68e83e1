import { meetsClockChange } from '../../language/schedule/clock-changes.ts';
import { cronLines, type CronLine } from '../../language/schedule/cron-lines.ts';
import { closestRunsMs } from '../../language/schedule/jitter.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import type { ExportedPlan, Obstacle } from './exported-plan.ts';

/** A scheduler that reads lines of cron. */
export interface Scheduler {
  /** As messages call it. */
  readonly name: string;
  /** The shortest time between two runs that it promises to keep, milliseconds. */
  readonly closestMs: number;
}

export interface ScheduleLines {
  readonly lines: readonly CronLine[];
  readonly obstacles: readonly Obstacle[];
}

const insteadOf = 'change the schedule, or let systemd run this plan: run-plan apply';

/** A plan's schedule in lines of cron, and what of it the scheduler cannot keep. */
export function scheduleLines({ plan }: ExportedPlan, { name, closestMs }: Scheduler): ScheduleLines {
  const { lines, unsayable } = cronLines(plan.schedule, plan.timeZone);
  const between = closestRunsMs(plan.schedule);
  return {
    lines,
    obstacles: [
      ...unsayable.map((calendar) => ({
        plan,
        message: `'${calendar}' does not fire at second 0 alone, and ${name} knows only minutes`,
        hint: insteadOf,
      })),
      ...(unsayable.length === 0 && between < closestMs
        ? [
            {
              plan,
              message: `it runs every ${renderDuration(between)}, and ${name} keeps no less than ${renderDuration(closestMs)}`,
              hint: insteadOf,
            },
          ]
        : []),
    ],
  };
}

/** What the fields of a line leave open, for a comment above it; empty when nothing. */
export function lineRemarks(line: CronLine, now: Date): readonly string[] {
  return [
    ...(line.isWider
      ? ['These fields fire more often than the schedule; --if-due lets run-plan start only what is due.']
      : []),
    ...(meetsClockChange(line.times, line.zone, now)
      ? [
          `Clocks change in ${line.zone} at such a time: it is then skipped, comes twice, or comes later. Another time of day, or UTC, has no such day.`,
        ]
      : []),
  ];
}

/** The text of `--if-due` for a line. */
export function firingText({ fields, zone }: CronLine): string {
  return `${fields} ${zone}`;
}

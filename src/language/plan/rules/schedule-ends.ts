import type { Rule } from './rule.ts';

export const scheduleEnds: Rule = {
  name: 'schedule-ends',
  severity: 'warning',
  reason: 'A plan of which every schedule has a last day stops without anyone deciding it on that day.',
  check: ({ plan }) => {
    if (plan.schedule.length === 0) return [];
    const days = plan.schedule.flatMap(({ until }) => (until === undefined ? [] : [until]));
    if (days.length < plan.schedule.length) return [];
    const message = `the plan stops running after ${days.sort().at(-1) ?? ''}`;
    return [
      { message, hint: "add an entry without 'until' if that is not meant", path: ['schedule'], atKey: true },
    ];
  },
};

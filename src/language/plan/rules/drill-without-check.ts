import type { Rule } from './rule.ts';

export const drillWithoutCheck: Rule = {
  name: 'drill-without-check',
  severity: 'error',
  reason: 'A drill that asserts nothing is green whatever was restored, an empty database too.',
  speaksOfAbsence: true,
  check: ({ plan, file, task }) => {
    // A plan that writes a protected environment is a recovery, which people watch.
    if (plan.writes !== undefined) return [];
    // What a person is asked may stay open for ever, so it is no check.
    const roles = plan.steps.map(({ action }) =>
      action.kind === 'task' ? task(action.task)?.role : action.kind === 'run' ? 'check' : 'other',
    );
    const at = roles.indexOf('restore');
    const placed = file.steps[at];
    if (
      at === -1 ||
      placed === undefined ||
      roles.slice(at + 1).some((role) => role === 'check' || role === undefined)
    )
      return [];
    const hint = "add a step that checks, for example 'restore-compare', 'sql-check' or a command of yours";
    return [{ message: 'the plan restores and then checks nothing', hint, path: placed.path }];
  },
};

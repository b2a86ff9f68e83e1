import type { Rule } from './rule.ts';

export const scheduleWithoutAlert: Rule = {
  name: 'schedule-without-alert',
  severity: 'warning',
  reason:
    'A plan that runs by itself fails by itself: backups were dead for days until somebody read the logs.',
  speaksOfAbsence: true,
  check: ({ plan, environments }) => {
    if (plan.schedule.length === 0) return [];
    const named = new Set([
      plan.environment,
      ...plan.steps.map(({ environment }) => environment),
      // Those that a task's parameters name, as `from: prod` does, are told as well.
      ...plan.steps.flatMap(({ action }) =>
        action.kind === 'task' ? Object.values(action.parameters).map(String) : [],
      ),
    ]);
    const isHeard = [...environments.environments.values()].some(
      ({ name, alerts = [] }) =>
        named.has(name) && alerts.some(({ plans }) => plans?.includes(plan.name) ?? true),
    );
    if (isHeard || environments.document === undefined) return [];
    const message = `nobody is told when this plan fails: environment '${plan.environment}' has no alerts`;
    const hint =
      'give it some in the environments, for example alerts: [{ ping: { url: { env: HEALTHCHECK_URL } } }]';
    return [{ message, hint, path: ['schedule'], atKey: true }];
  },
};

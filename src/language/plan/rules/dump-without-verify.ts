import type { Rule, RuleContext } from './rule.ts';
import type { PlacedStep } from '../plan-file.ts';

export const dumpWithoutVerify: Rule = {
  name: 'dump-without-verify',
  severity: 'error',
  reason:
    'Green means restorable: a run may only succeed when its artifact was read back from the repository.',
  speaksOfAbsence: true,
  check: (context) =>
    context.file.steps.flatMap((placed, index) => {
      if (roleOf(placed, context) !== 'dump' || isReadBack(placed, index, context)) return [];
      const message = `'${placed.step.id}' makes an artifact that no later step reads back`;
      const hint = "add a step 'task: artifact-verify', without 'when', after it";
      return [{ message, hint, path: placed.path }];
    }),
};

/** By a verify step of the same environment that always runs, or by a restore, which reads more than that. */
function isReadBack({ step }: PlacedStep, index: number, context: RuleContext): boolean {
  return context.file.steps.slice(index + 1).some((later) => {
    if (later.step.when !== undefined || later.step.phase === 'cleanup') return false;
    const role = roleOf(later, context);
    return role === 'restore' || (role === 'verify' && later.step.environment === step.environment);
  });
}

function roleOf({ step }: PlacedStep, { task }: RuleContext): string | undefined {
  return step.action.kind === 'task' ? task(step.action.task)?.role : undefined;
}

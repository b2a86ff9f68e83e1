import { defaults } from '../src/language/generated/timer-check.defaults.ts';
import type { TimerCheckParameters } from '../src/language/generated/timer-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import { Failure, type Task, type TaskContext, type TaskResult } from '../src/task/contract.ts';
import type { DeclaredTimers } from '../src/task/declared.ts';
import { tellChecks, type Check } from '../src/check/check.ts';
import { brokenCheck, judgeOthers, judgeTimer } from '../src/check/watch/timer-verdict.ts';
import parametersSchema from '../schemas/tasks/timer-check.schema.json' with { type: 'json' };

const task: Task<TimerCheckParameters> = {
  name: 'timer-check',
  description:
    "Holds this host's timers against the plans: installed, enabled, active, and their last runs went well",
  needs: [],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe({ plans }: TimerCheckParameters): readonly string[] {
  return [
    `ask systemd for the timers of ${plans === undefined ? 'every plan with a schedule' : plans.join(', ')}`,
  ];
}

async function run(context: TaskContext, parameters: TimerCheckParameters): Promise<TaskResult> {
  const { declared, report } = context;
  report.phase('comparing units');
  const found = await declared.timers(parameters.of ?? defaults.of);
  const hint = 'run-plan diff shows what differs, run-plan apply does it; run-plan timers shows results';
  const checks = tellChecks(report, checksOf(context, parameters, found));
  const { systemd } = found;
  if (systemd.kind === 'absent')
    report.warn(`this host runs without systemd, so it has no timers: ${systemd.reason}`);
  if (systemd.kind === 'silent') {
    throw new Failure('check-failed', `systemd runs here and cannot be asked: ${systemd.reason}`, {
      facts: { systemd: systemd.kind, checks },
    });
  }
  const facts = { systemd: systemd.kind };
  if (systemd.kind === 'absent') return { facts: { ...facts, checks: [] } };
  if (checks.length === 0) {
    throw new Failure('check-failed', 'no plan has a schedule, so there is no timer to look for', {
      hint: "give a plan a 'schedule', or remove this step",
    });
  }
  const failure = checkFailure('the timers', checks, hint, { facts });
  if (failure !== undefined) throw failure;
  return { facts: { ...facts, checks } };
}

function checksOf(
  { declared, run: { plan: own } }: TaskContext,
  { plans, drift = defaults.drift }: TimerCheckParameters,
  { timers, others }: DeclaredTimers,
): readonly Check[] {
  const unknown = plans?.find(
    (name) => !timers.some(({ plan }) => plan === name) && !declared.broken.includes(name),
  );
  if (unknown !== undefined)
    throw new Failure('plan-invalid', `there is no plan '${unknown}' with a schedule`, {
      hint: 'run-plan timers lists those there are',
    });
  const isAsked = (name: string): boolean => plans === undefined || plans.includes(name);
  const options = { own, mayDiffer: drift === 'ignore' };
  return [
    ...declared.broken.filter(isAsked).map(brokenCheck),
    ...timers.filter(({ plan }) => isAsked(plan)).map((timer) => judgeTimer(timer, options)),
    ...(plans === undefined && !options.mayDiffer ? judgeOthers(others) : []),
  ];
}

import { defined } from '../src/base/defined.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { describeDamage } from '../src/base/document.ts';
import { readDrills } from '../src/tell/evidence/drills.ts';
import { withSignOffs } from '../src/tell/evidence/sign-off.ts';
import { parseDuration } from '../src/base/quantity/duration.ts';
import type { Repository } from '../src/store/repository.ts';
import type { DrillCheckParameters } from '../src/language/generated/drill-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import { Failure, type Task, type TaskContext, type TaskResult } from '../src/task/contract.ts';
import type { DeclaredPlan } from '../src/task/declared.ts';
import { tellChecks, type Check } from '../src/check/check.ts';
import { judgeDrill, type PassedDrill } from '../src/check/watch/drill-due.ts';
import parametersSchema from '../schemas/tasks/drill-check.schema.json' with { type: 'json' };

const task: Task<DrillCheckParameters> = {
  name: 'drill-check',
  description: 'Holds the last drill that passed, by the evidence in the repository, against its schedule',
  needs: ['repository'],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Evidence is read from the newest back, first of one drill and then of so many: beyond that no drill is recent. */
const looksBack = [1, 40] as const;

function describe(
  { plans, 'max-age': maxAge }: DrillCheckParameters,
  environment: Environment,
): readonly string[] {
  const which = plans === undefined ? 'every drill with a schedule' : plans.join(', ');
  const age = maxAge === undefined ? 'is not overdue' : `is not older than ${maxAge}`;
  return [
    `read the evidence in the repository of ${environment.name}: the last one that passed of ${which} ${age}`,
  ];
}

async function run(context: TaskContext, parameters: DrillCheckParameters): Promise<TaskResult> {
  const { environment, report, signal, clock } = context;
  const chosen = choosePlans(context, parameters);
  if (chosen.length === 0) {
    throw new Failure(
      'check-failed',
      `no drill with a schedule keeps its evidence in the repository of ${environment.name}`,
      { hint: "give a drill a 'schedule', name one with 'plans', or remove this step" },
    );
  }
  const repository = await context.repository();
  const judged: Check[] = [];
  for (const { plan } of chosen) {
    report.phase(`reading the evidence of ${plan.name}`);
    const graceMs = durationOf(parameters.grace);
    const maxAgeMs = durationOf(parameters['max-age']);
    judged.push(
      judgeDrill({
        plan,
        last: await lastPassed(context, repository, plan.name, signal),
        now: clock.now(),
        ...defined({ graceMs, maxAgeMs }),
      }),
    );
  }
  const checks = tellChecks(report, judged);
  const failure = checkFailure(
    'the drills',
    checks,
    'run the drill by hand (run-plan PLAN); run-plan report PLAN tells how the last ones went',
  );
  if (failure !== undefined) throw failure;
  return { facts: { checks } };
}

/** Those named, otherwise every drill with a schedule whose evidence this repository keeps. */
function choosePlans(
  { environment, declared }: TaskContext,
  { plans }: DrillCheckParameters,
): readonly DeclaredPlan[] {
  if (plans === undefined)
    return declared.plans.filter(
      ({ plan, isDrill, keptBy }) => isDrill && plan.schedule.length > 0 && keptBy === environment.name,
    );
  return plans.map((name) => {
    const found = declared.plans.find(({ plan }) => plan.name === name);
    if (found === undefined)
      throw new Failure('plan-invalid', `there is no sound plan '${name}'`, {
        hint: 'run-plan validate shows every problem',
      });
    if (!found.isDrill)
      throw new Failure('plan-invalid', `plan '${name}' restores nothing, so it is no drill`);
    return found;
  });
}

async function lastPassed(
  { report }: TaskContext,
  repository: Repository,
  plan: string,
  signal: AbortSignal,
): Promise<PassedDrill | undefined> {
  for (const limit of looksBack) {
    const { drills, damaged } = await readDrills({ repository }, { plan, limit, signal });
    const passed = drills.map(withSignOffs).find(({ verdict }) => verdict.state === 'passed');
    if (passed !== undefined) return { runId: passed.runId, startedAt: new Date(passed.run.startedAt) };
    if (limit === looksBack[1])
      for (const damage of damaged) report.warn(`${describeDamage(damage)}: no evidence`);
  }
  return undefined;
}

function durationOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

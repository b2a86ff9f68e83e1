import { defined } from '../base/defined.ts';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { describeFailure, exitCodeOf, type FailureDescription } from '../base/failure.ts';
import { judgeFreshness, type Freshness } from '../artifact/freshness.ts';
import { listArtifacts } from '../artifact/store.ts';
import type { Environment } from '../language/environment/environment.ts';
import type { Plan } from '../language/plan/plan.ts';
import { resolveEnvironment } from '../language/plan/workspace.ts';
import { stepsOfRole, withRepository, type Plans } from '../task/plans.ts';

/** How fresh the artifacts are that a plan makes of one environment. */
export interface PlanStatus {
  readonly plan: string;
  readonly environment: string;
  readonly rpoMs: number | null;
  readonly freshness: Freshness | null;
  readonly error: FailureDescription | null;
}

/**
 * Of every plan that dumps, in each of its environments. A repository that cannot be asked is bad news, told by its error
 * and the exit code, and the others are asked all the same.
 */
export async function statusesOf(
  plans: Plans,
  chosen: readonly Plan[],
): Promise<{ readonly statuses: readonly PlanStatus[]; readonly code: ExitCode }> {
  const statuses: PlanStatus[] = [];
  let code: ExitCode = exitCode.done;
  for (const plan of chosen) {
    for (const environment of dumpedEnvironments(plans, plan)) {
      try {
        statuses.push(await judge(plans, plan, resolveEnvironment(plans.workspace, environment)));
      } catch (error) {
        code = exitCodeOf(error);
        statuses.push({
          plan: plan.name,
          environment,
          rpoMs: plan.objectives.rpoMs ?? null,
          freshness: null,
          error: describeFailure(error),
        });
      }
    }
  }
  return { statuses, code };
}

function dumpedEnvironments(plans: Plans, plan: Plan): readonly string[] {
  return [...new Set(stepsOfRole(plans, plan, 'dump').map(({ environment }) => environment))];
}

function judge(plans: Plans, plan: Plan, environment: Environment): Promise<PlanStatus> {
  const database = environment.postgres?.database ?? '';
  return withRepository(plans, environment, async (repository) => {
    const [now, artifacts] = await Promise.all([repository.clock(), listArtifacts(repository)]);
    const { rpoMs } = plan.objectives;
    const judged = judgeFreshness(artifacts, {
      now,
      ...defined({ rpoMs }),
      expected: [{ environment: environment.name, database }],
    });
    const own = judged.find((each) => each.environment === environment.name && each.database === database);
    return {
      plan: plan.name,
      environment: environment.name,
      rpoMs: rpoMs ?? null,
      freshness: own ?? null,
      error: null,
    };
  });
}

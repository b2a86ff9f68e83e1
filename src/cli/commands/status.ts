import { defined } from '../../base/defined.ts';
import { judgeFreshness, type Freshness } from '../../artifact/freshness.ts';
import { listArtifacts } from '../../artifact/store.ts';
import type { Environment } from '../../language/environment/environment.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { describeFailure, exitCodeOf, Failure, type FailureDescription } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderTime } from '../../base/quantity/moment.ts';
import { paragraph, table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { choosePlans, loadPlans, stepsOfRole, withRepository, type Plans } from '../../task/plans.ts';

export interface StatusOptions {
  readonly check?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

interface PlanStatus {
  readonly plan: string;
  readonly environment: string;
  readonly rpoMs: number | null;
  readonly freshness: Freshness | null;
  readonly error: FailureDescription | null;
}

/**
 * Holds, for every plan that dumps, the newest verified artifact in the repository itself against the plan's RPO. A
 * repository that cannot be asked counts as bad news, and the others are asked all the same.
 */
export async function statusCommand(
  host: CommandHost,
  name: string | undefined,
  options: StatusOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const statuses: PlanStatus[] = [];
  let code: ExitCode = exitCode.done;
  for (const plan of choosePlans(plans, name)) {
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
  if (statuses.length === 0 && options.check === true) {
    throw new Failure(
      'check-failed',
      'no plan here makes artifacts, so there is nothing to hold against an RPO',
    );
  }
  if (options.json === true) printJson(host, statuses);
  else print(host, ...statusBlocks(statuses, plans));
  if (code !== exitCode.done) return code;
  const isMissed = statuses.some(({ freshness }) => freshness?.state !== 'fresh');
  return options.check === true && isMissed ? exitCode.objectiveMissed : exitCode.done;
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

function statusBlocks(statuses: readonly PlanStatus[], { workspace, settings }: Plans): readonly Block[] {
  if (statuses.length === 0) return ['no plan makes artifacts'];
  const columns = [
    { title: 'PLAN' },
    { title: 'DATABASE' },
    { title: 'STATE' },
    { title: 'NEWEST VERIFIED' },
    { title: 'AGE', align: 'right' },
    { title: 'DATA OF', optional: true },
    { title: 'RPO', align: 'right' },
    { title: 'SIZE', align: 'right' },
  ] as const;
  const zoneOf = (plan: string): string => (workspace.plans.get(plan) ?? settings.defaults).timeZone;
  const all = table(
    columns,
    statuses.map(({ plan, freshness, error, rpoMs }) => [
      plan,
      freshness?.database ?? '?',
      status(error === null ? (freshness?.state ?? '?') : 'unknown'),
      freshness?.newest?.name ?? '-',
      freshness?.newest === undefined ? '-' : renderDuration(freshness.newest.ageMs),
      freshness?.newest === undefined ? '-' : renderTime(freshness.newest.recoveryPoint, zoneOf(plan)),
      rpoMs === null ? '-' : renderDuration(rpoMs),
      freshness?.newest === undefined ? '-' : renderBytes(freshness.newest.bytes),
    ]),
  );
  const remarks = statuses.flatMap(({ plan, freshness, error }) => [
    ...(error === null
      ? []
      : [paragraph(`${plan}: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`)]),
    ...(freshness?.newer ?? []).map(({ name, reason }) => `${plan}: ${name} does not count: ${reason}`),
  ]);
  return [all, ...remarks];
}

import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { Failure } from '../../base/failure.ts';
import { statusesOf, type PlanStatus } from '../../check/plan-status.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderTime } from '../../base/quantity/moment.ts';
import { paragraph, table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { choosePlans, loadPlans, type Plans } from '../../task/plans.ts';

export interface StatusOptions {
  readonly check?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
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
  const { statuses, code } = await statusesOf(plans, choosePlans(plans, name));
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
      : [
          paragraph(
            `${plan}: ${error.where === undefined ? '' : `${error.where} `}${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`,
          ),
        ]),
    ...(freshness?.newer ?? []).map(({ name, reason }) => `${plan}: ${name} does not count: ${reason}`),
  ]);
  return [all, ...remarks];
}

import { defined } from '../../base/defined.ts';
import type { Damage } from '../../base/document.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { problemsOf } from '../../language/plan/workspace.ts';
import { renderDistance, renderTime } from '../../base/quantity/moment.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import type { Text } from '../../base/terminal/text.ts';
import { listRecords } from '../../run/record/store.ts';
import { nextRuns } from '../../language/schedule/schedule.ts';
import { print, printJson, warnOfDamage, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireSettings, type Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface ListOptions {
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

interface ListedPlan {
  readonly name: string;
  readonly environment: string;
  readonly description: string | null;
  readonly valid: boolean;
  readonly nextRunAt: string | null;
  /** The variable without which nobody can tell here; absent when all are set. */
  readonly nextRunNeeds?: string;
  readonly lastRun: { readonly id: string; readonly outcome: string; readonly startedAt: string } | null;
  /** Newer journals that cannot be read; absent when there are none. */
  readonly damaged?: readonly Damage[];
}

/** Lists every plan with its next run and this host's last one. */
export async function listCommand(host: CommandHost, options: ListOptions): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  requireSettings(plans);
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const now = new Date();
  const listed = await Promise.all(
    [...plans.workspace.plans.values()].map((plan) => describePlan(plans, plan, stateFolder, now)),
  );
  if (options.json === true) printJson(host, listed);
  else print(host, listBlock(listed, plans, now));
  warnOfDamage(
    host,
    listed.flatMap(({ damaged = [] }) => damaged),
  );
  return exitCode.done;
}

async function describePlan(plans: Plans, plan: Plan, stateFolder: string, now: Date): Promise<ListedPlan> {
  const { records, damaged } = await listRecords({ stateFolder }, { plan: plan.name, limit: 1 });
  const [last] = records;
  const valid = problemsOf(plans.workspace, plan.name).every(({ severity }) => severity !== 'error');
  const [next] = valid ? nextRuns(plan.schedule, now, 1, plan.timeZone) : [];
  const needs = unknownTime(plans.workspace, plan);
  return {
    name: plan.name,
    environment: plan.environment,
    description: plan.description ?? null,
    valid,
    nextRunAt: needs === undefined ? (next?.at.toISOString() ?? null) : null,
    ...defined({ nextRunNeeds: needs }),
    lastRun: last === undefined ? null : { id: last.runId, outcome: last.outcome, startedAt: last.startedAt },
    ...(damaged.length > 0 && { damaged }),
  };
}

/** The variable that a plan's schedule or zone comes from and that is not set here. */
function unknownTime({ missing }: Plans['workspace'], { file }: Plan): string | undefined {
  const decides = ['schedule', 'time-zone'];
  return missing.find((each) => each.file === file && decides.includes(String(each.open.path[0])))?.open
    .variable;
}

function listBlock(listed: readonly ListedPlan[], { workspace, settings }: Plans, now: Date): Block {
  if (listed.length === 0) return 'no plans';
  const columns = [
    { title: 'PLAN' },
    { title: 'ENVIRONMENT' },
    { title: 'NEXT RUN' },
    { title: 'AT', optional: true },
    { title: 'LAST RUN HERE' },
    { title: 'AT', optional: true },
    { title: 'DESCRIPTION' },
  ];
  return table(
    columns,
    listed.map((plan) => {
      const { timeZone } = workspace.plans.get(plan.name) ?? settings.defaults;
      const exact = (at: string | undefined): string =>
        at === undefined ? '-' : renderTime(new Date(at), timeZone);
      const next = plan.nextRunAt ?? undefined;
      return [
        plan.name,
        plan.environment,
        nextRunText(plan, now),
        exact(next),
        lastRunText(plan, now),
        exact(plan.lastRun?.startedAt),
        plan.description ?? '',
      ];
    }),
  );
}

function nextRunText({ valid, nextRunAt, nextRunNeeds }: ListedPlan, now: Date): Text {
  if (!valid) return status('invalid', 'invalid, see run-plan validate');
  return nextRunNeeds === undefined ? distance(nextRunAt ?? undefined, now) : `${nextRunNeeds} is not set`;
}

function lastRunText({ lastRun }: ListedPlan, now: Date): Text {
  if (lastRun === null) return 'never';
  return [status(lastRun.outcome), ` ${distance(lastRun.startedAt, now)}`];
}

/** `in 3h`, `2d ago`; `-` for no time at all. */
function distance(at: string | undefined, now: Date): string {
  return at === undefined ? '-' : renderDistance(new Date(at), now);
}

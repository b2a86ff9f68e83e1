import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderMoment } from '../../base/quantity/moment.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { listRecords, type RecordList } from '../../run/record/store.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import { print, printJson, warnOfDamage, type CommandHost } from '../../task/host.ts';
import { choosePlan, loadPlans, withRepository, type Plans } from '../../task/plans.ts';
import { applyPlanName } from '../../difference/apply-pipeline.ts';
import { restorePlanName } from '../../recovery/restore-plan.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface HistoryOptions {
  readonly limit: number;
  readonly repository?: true | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Lists past runs, newest first: this host's, and with `--repository` those of every host. */
export async function historyCommand(
  host: CommandHost,
  name: string | undefined,
  options: HistoryOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  // Restores and changes of buckets are runs of plans that no file holds.
  const unwritten = [restorePlanName, applyPlanName];
  if (name !== undefined && !unwritten.includes(name)) choosePlan(plans, name);
  const names = name === undefined ? [...plans.workspace.plans.keys(), ...unwritten] : [name];
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const lists: RecordList[] = [];
  for (const plan of names) lists.push(await recordsOf(plans, plan, stateFolder, options));
  const records = lists
    .flatMap((list) => list.records)
    .sort((left, right) => Date.parse(right.startedAt) - Date.parse(left.startedAt))
    .slice(0, options.limit);
  const damaged = lists.flatMap((list) => list.damaged);
  if (options.json === true) printJson(host, [...records, ...damaged.map((damage) => ({ damaged: damage }))]);
  else print(host, historyBlock(records, plans, new Date()));
  warnOfDamage(host, damaged);
  return exitCode.done;
}

function recordsOf(
  plans: Plans,
  plan: string,
  stateFolder: string,
  { limit, repository: wanted }: HistoryOptions,
): Promise<RecordList> {
  const environmentName = plans.workspace.plans.get(plan)?.environment;
  if (wanted !== true || environmentName === undefined) return listRecords({ stateFolder }, { plan, limit });
  const environment = resolveEnvironment(plans.workspace, environmentName);
  return withRepository(plans, environment, (repository) =>
    listRecords({ repository, stateFolder }, { plan, limit }),
  );
}

function historyBlock(records: readonly RunRecord[], { workspace, settings }: Plans, now: Date): Block {
  if (records.length === 0) return 'no runs';
  const columns = [
    { title: 'RUN' },
    { title: 'STARTED', optional: true },
    { title: 'OUTCOME' },
    { title: 'EXIT', align: 'right' },
    { title: 'TOOK', align: 'right' },
    { title: 'BYTES', align: 'right' },
    { title: 'HOST' },
    { title: 'ERROR' },
  ] as const;
  return table(
    columns,
    records.map((record) => [
      record.runId,
      renderMoment(new Date(record.startedAt), {
        now,
        timeZone: (workspace.plans.get(record.plan) ?? settings.defaults).timeZone,
      }),
      status(record.complete ? record.outcome : 'interrupted'),
      record.exitCode === null ? '-' : String(record.exitCode),
      renderDuration(record.durationMs),
      renderBytes(record.bytes),
      record.host,
      firstLine(record.error?.message ?? ''),
    ]),
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

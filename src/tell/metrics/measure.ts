import { listArtifacts } from '../../artifact/store.ts';
import { Failure } from '../../base/failure.ts';
import type { MetricSample } from './families.ts';
import { planSamples, type MeasuredRepository } from './plan-metrics.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { known } from '../../language/yaml/open.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { readJournal } from '../../run/record/read-journal.ts';
import { readEndings } from '../../run/record/run-endings.ts';
import { journalFile } from '../../base/state-folder.ts';
import { nextRuns } from '../../language/schedule/schedule.ts';
import { warnOfDamage, type CommandHost } from '../../task/host.ts';
import { stepsOfRole, withRepository, type Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

/** Measures a plan: its runs by this host's journals, its artifacts by the repositories themselves. */
export async function measurePlan(
  host: CommandHost,
  plans: Plans,
  plan: Plan,
  signal: AbortSignal,
): Promise<readonly MetricSample[]> {
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const now = new Date();
  const endings = await readEndings(stateFolder, plan.name, (damage) => {
    warnOfDamage(host, [damage]);
  });
  const last = endings.at(-1);
  const { record } =
    last === undefined ? {} : await readJournal(journalFile(stateFolder, plan.name, last.runId));
  const repositories: MeasuredRepository[] = [];
  const dumped = stepsOfRole(plans, plan, 'dump').map(({ environment }) => environment);
  for (const environment of new Set(dumped))
    repositories.push(await measureRepository(plans, environment, signal));
  return planSamples({
    plan,
    version: host.version,
    now,
    nextRun: nextRuns(plan.schedule, now, 1, plan.timeZone)[0]?.at,
    endings,
    lastBytes: record?.bytes,
    repositories,
  });
}

/** One that cannot be reached is a measurement, too. */
async function measureRepository(
  plans: Plans,
  name: string,
  signal: AbortSignal,
): Promise<MeasuredRepository> {
  const database = known(plans.workspace.environments.get(name)?.postgres?.database);
  const about = { environment: name, database };
  try {
    const environment = resolveEnvironment(plans.workspace, name);
    return await withRepository(plans, environment, async (repository) => {
      const [now, artifacts] = await Promise.all([
        repository.clock(signal),
        listArtifacts(repository, { signal }),
      ]);
      return { ...about, contents: { now, artifacts } };
    });
  } catch (error) {
    if (error instanceof Failure || signal.aborted) return about;
    throw error;
  }
}

import { describeFailure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { RunResult } from '../../run/run-pipeline.ts';
import { warn, type CommandHost } from '../../task/host.ts';
import type { Plans } from '../../task/plans.ts';

/** What asking the repository may take, milliseconds; less when somebody waits for a cancelled run to end. */
const askMs = 30_000;
const askWhenCancelledMs = 1000;

/**
 * Writes the metrics of a plan that has just run, where the settings name a folder. The run's outcome stands by now: a
 * file that cannot be written is a warning, and its age is what the alert rules hear.
 */
export async function writeMetricsAfterRun(
  host: CommandHost,
  plans: Plans,
  plan: Plan,
  outcome?: RunResult['outcome'],
): Promise<void> {
  const folder = plans.settings.metricsFolder;
  // Restores and changes of buckets are runs of plans that no file holds.
  if (folder === undefined || !plans.workspace.plans.has(plan.name)) return;
  try {
    const [{ measurePlan }, { renderMetrics }, { metricsFile, writeTextfile }] = await Promise.all([
      import('./measure.ts'),
      import('./exposition.ts'),
      import('./textfile.ts'),
    ]);
    const signal = AbortSignal.timeout(outcome === 'cancelled' ? askWhenCancelledMs : askMs);
    const text = renderMetrics(await measurePlan(host, plans, plan, signal));
    await writeTextfile(metricsFile(folder, plan.name), host.redactor.redact(text));
  } catch (error) {
    warn(host, describeFailure(error).message);
  }
}

import { resolve } from 'node:path';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { renderMetrics } from '../../tell/metrics/exposition.ts';
import type { MetricSample } from '../../tell/metrics/families.ts';
import { brokenSamples } from '../../tell/metrics/plan-metrics.ts';
import { writeTextfile } from '../../tell/metrics/textfile.ts';
import { declaredIn } from '../../difference/declared.ts';
import { printJson, type CommandHost } from '../../task/host.ts';
import { measurePlan } from '../../tell/metrics/measure.ts';
import { choosePlan, choosePlans, loadPlans } from '../../task/plans.ts';

export interface MetricsOptions {
  readonly output?: string | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** A repository gets this long, milliseconds: a scrape must end. */
const askMs = 30_000;

/** Measures all plans, or one, and prints that for Prometheus, or writes it to a file in one piece. */
export async function metricsCommand(
  host: CommandHost,
  name: string | undefined,
  options: MetricsOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const { plans: sound, broken } = declaredIn(host, plans);
  if (sound.length === 0 && broken.length === 0) choosePlans(plans, undefined);
  const chosen = name === undefined ? sound.map(({ plan }) => plan) : [choosePlan(plans, name)];
  const samples: MetricSample[] = name === undefined ? broken.flatMap(brokenSamples) : [];
  for (const plan of chosen)
    samples.push(...(await measurePlan(host, plans, plan, AbortSignal.timeout(askMs))));
  if (options.output !== undefined) {
    const text = options.json === true ? `${JSON.stringify(samples, null, 2)}\n` : renderMetrics(samples);
    await writeTextfile(resolve(host.workingFolder, options.output), host.redactor.redact(text));
  } else if (options.json === true) printJson(host, samples);
  else host.terminal.document(renderMetrics(samples));
  return exitCode.done;
}

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricFamilies } from '../../../src/tell/metrics/families.ts';
import { renderMetrics } from '../../../src/tell/metrics/exposition.ts';
import { planSamples } from '../../../src/tell/metrics/plan-metrics.ts';
import { measured } from '../../unit/tell/metrics/measured.ts';
import { root } from '../../unit/project/source-files.ts';

/** Prometheus' own tool; bin/setup.js installs it. */
function promtool(
  words: readonly string[],
  input = '',
): { readonly status: number | null; readonly said: string } {
  const path = `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  const { status, stdout, stderr, error } = spawnSync('promtool', words, {
    cwd: root,
    input,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return { status, said: `${stdout}${stderr}${error?.message ?? ''}` };
}

test('promtool has nothing to say about the metrics, every family among them', async () => {
  const text = renderMetrics(planSamples(await measured()));
  for (const name of Object.keys(metricFamilies)) expect(text).toContain(`# TYPE ${name} `);
  expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
  // It would have something to say.
  expect(
    promtool(['check', 'metrics'], text.replaceAll('run_plan_runs_total', 'run_plan_runs')).status,
  ).not.toBe(0);
});

test('promtool takes the alert rules, and they speak when they should and are silent when not', () => {
  expect(promtool(['check', 'rules', 'plans/observe/prometheus-rules.yaml'])).toMatchObject({ status: 0 });
  const told = promtool(['test', 'rules', 'test/fixtures/prometheus-rules.test.yaml']);
  expect(told.status, told.said).toBe(0);
});

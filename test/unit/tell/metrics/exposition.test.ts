import { expect, test } from 'vitest';
import { renderMetrics } from '../../../../src/tell/metrics/exposition.ts';

test('samples of one family stand together below its help and type, whatever their order', () => {
  expect(
    renderMetrics([
      { name: 'run_plan_valid', labels: { plan: 'a' }, value: 1 },
      { name: 'run_plan_runs_total', labels: { plan: 'a', outcome: 'failed' }, value: 2 },
      { name: 'run_plan_valid', labels: { plan: 'b' }, value: 0 },
    ]),
  ).toBe(`# HELP run_plan_valid Whether the file of a plan is without errors.
# TYPE run_plan_valid gauge
run_plan_valid{plan="a"} 1
run_plan_valid{plan="b"} 0
# HELP run_plan_runs_total Runs on this host by outcome.
# TYPE run_plan_runs_total counter
run_plan_runs_total{plan="a",outcome="failed"} 2
`);
});

test('a label may hold anything', () => {
  const labels = { database: 'a "b"\\c\nd' };
  expect(renderMetrics([{ name: 'run_plan_valid', labels, value: 1 }])).toContain(
    String.raw`run_plan_valid{database="a \"b\"\\c\nd"} 1`,
  );
});

test('without samples there is nothing', () => {
  expect(renderMetrics([])).toBe('');
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricFamilies } from '../../../../src/tell/metrics/families.ts';
import { root } from '../../project/source-files.ts';

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly panels: readonly Panel[];
}

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly targets: readonly { readonly refId: string; readonly expr: string }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}

const known = new Set<string>(Object.keys(metricFamilies));

function metricsIn(text: string): readonly string[] {
  return text.match(/\brun_plan_\w+/g) ?? [];
}

async function observe(name: string): Promise<string> {
  return readFile(join(root, 'plans', 'observe', name), 'utf8');
}

test('every query of the dashboard and every rule asks for metrics that there are', async () => {
  const dashboard = JSON.parse(await observe('grafana-dashboard.json')) as Dashboard;
  const rules = parse(await observe('prometheus-rules.yaml')) as Rules;
  const queries = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => JSON.stringify(query)),
    ...rules.groups.flatMap((group) => group.rules.map(({ expr }) => expr)),
  ];
  const asked = queries.flatMap(metricsIn);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  expect(asked.length).toBeGreaterThan(20);
});

test('each panel of the dashboard has a place of its own, a query and a source that the reader chooses', async () => {
  const { panels, templating } = JSON.parse(await observe('grafana-dashboard.json')) as Dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
    Array.from({ length: h * w }, (_, at) => `${String(x + (at % w))},${String(y + Math.floor(at / w))}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  for (const { targets } of panels) {
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { expr } of targets) expect(expr).toContain('{plan=~"$plan"}');
  }
  expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'plan']);
});

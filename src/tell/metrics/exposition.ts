import { metricFamilies, type MetricName, type MetricSample } from './families.ts';

/**
 * Samples in Prometheus' text format (version 0.0.4), each family in one piece with its help and type, in the order of the
 * catalogue. Pure.
 */
export function renderMetrics(samples: readonly MetricSample[]): string {
  const names = Object.keys(metricFamilies) as MetricName[];
  return names
    .flatMap((name) => {
      const own = samples.filter((sample) => sample.name === name);
      const { help, type } = metricFamilies[name];
      return own.length === 0
        ? []
        : [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...own.map(renderSample)];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function renderSample({ name, labels, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${String(value)}`;
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

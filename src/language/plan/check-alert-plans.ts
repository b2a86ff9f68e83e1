import type { EnvironmentsFile } from '../environment/load-environments.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import type { Path } from '../yaml/yaml-document.ts';
import type { Problem } from '../problem.ts';

/** Channels that are narrowed to a plan that does not exist: nobody would ever hear of the one that was meant. Pure. */
export function checkAlertPlans(
  { document, environments }: EnvironmentsFile,
  planNames: readonly string[],
): readonly Problem[] {
  if (document === undefined) return [];
  const narrowed = [...environments.values()].filter(({ alerts = [] }) =>
    alerts.some(({ plans }) => plans !== undefined),
  );
  return narrowed.flatMap(({ name }) =>
    plansIn(valueAt(document.value, ['environments', name, 'alerts']), ['environments', name, 'alerts'])
      .filter(({ plan }) => !planNames.includes(plan))
      .map(({ plan, path }) => ({
        file: document.file,
        ...document.placeOf(path),
        severity: 'warning',
        rule: 'unknown-plan',
        message: `there is no plan '${plan}'${didYouMean(plan, planNames)}`,
        hint: 'a channel that is narrowed to it is never told of anything',
      })),
  );
}

/** Every name in a list `plans`, with its path. */
function plansIn(value: unknown, path: Path): readonly { readonly plan: string; readonly path: Path }[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) {
    const isList = path.at(-1) === 'plans';
    return value.flatMap((item: unknown, index) =>
      isList && typeof item === 'string'
        ? [{ plan: item, path: [...path, index] }]
        : plansIn(item, [...path, index]),
    );
  }
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) =>
    // What an operator's own template says is none of run-plan's keys.
    key === 'template' ? [] : plansIn(item, [...path, key]),
  );
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null
        ? Object.entries(at).find(([name]) => name === key)?.[1]
        : undefined,
    value,
  );
}

import { closest, distance } from 'fastest-levenshtein';
import { Failure } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';

/**
 * The values of a plan's parameters: `--set name=value` over the plan's defaults.
 *
 * @throws Failure `usage` for an assignment without `=`, an unknown name, a name given twice or a missing value.
 */
export function parameterValues(plan: Plan, assignments: readonly string[]): Record<string, string> {
  const given = new Map<string, string>();
  for (const assignment of assignments) {
    const [name, value] = split(assignment);
    if (!plan.parameters.some((parameter) => parameter.name === name)) throw unknownParameter(plan, name);
    if (given.has(name)) throw new Failure('usage', `--set gives '${name}' twice`);
    given.set(name, value);
  }
  return Object.fromEntries(
    plan.parameters.map(({ name, default: fallback, description }) => {
      const value = given.get(name) ?? fallback;
      if (value === undefined) {
        throw new Failure('usage', `plan '${plan.name}' wants a value for '${name}'`, {
          hint: `say --set ${name}=VALUE${description === undefined ? '' : ` (${description})`}`,
        });
      }
      return [name, value];
    }),
  );
}

function split(assignment: string): [name: string, value: string] {
  const equals = assignment.indexOf('=');
  if (equals < 1) {
    throw new Failure('usage', `--set ${assignment} is not name=value`, { hint: 'for example --set artifact=latest' });
  }
  return [assignment.slice(0, equals), assignment.slice(equals + 1)];
}

function unknownParameter(plan: Plan, name: string): Failure {
  const names = plan.parameters.map((parameter) => parameter.name);
  const hint = names.length === 0 ? 'it takes no parameters' : `it takes ${names.join(', ')}`;
  return new Failure('usage', `plan '${plan.name}' has no parameter '${name}'${didYouMean(name, names)}`, { hint });
}

/** `, did you mean 'x'?` when a candidate is near enough to be a slip of the fingers, otherwise nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return '';
  const nearest = closest(word, [...candidates]);
  return distance(word, nearest) <= Math.max(1, Math.floor(word.length / 3)) ? `, did you mean '${nearest}'?` : '';
}

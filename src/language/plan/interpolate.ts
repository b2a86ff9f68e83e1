import { Failure } from '../../base/failure.ts';

/** What `${…}` may name while a step starts. */
export interface InterpolationScope {
  readonly parameters: Readonly<Record<string, string>>;
  readonly run: Readonly<Record<RunName, string>>;
  /** Outputs of the steps that succeeded so far, by step id. */
  readonly steps: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `id`: the run's. `scratch`: the name of a database that only this run uses. */
export const runNames = ['id', 'scratch'] as const;
export type RunName = (typeof runNames)[number];

/** One `${…}` in a text. `offset` counts UTF-16 units from 0 and points at the dollar. */
export interface Interpolation {
  /** Between the braces, as written. */
  readonly expression: string;
  readonly offset: number;
  readonly length: number;
  readonly name: InterpolationName | undefined;
}

export type InterpolationName =
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'run'; readonly name: RunName }
  | { readonly kind: 'output'; readonly step: string; readonly output: string };

/** In a value every `${…}` is run-plan's; `$${` is a literal `${`. */
const inValues = /\$\$\{|\$\{([^}]*)\}/g;

/**
 * In a script bash has its own `${…}`, whose names hold no dot: run-plan's are those that begin with a word and a dot.
 * `$${parameters.x}` is a literal `${parameters.x}`.
 */
export const inScripts = /\$\$\{(?=[A-Za-z_][\w-]*\.)|\$\{([A-Za-z_][\w-]*\.[^}]*)\}/g;

export type TextKind = 'value' | 'script';

/** Every interpolation of a text, in order, escaped ones left out. */
export function interpolationsIn(text: string, kind: TextKind = 'value'): readonly Interpolation[] {
  return [...text.matchAll(patternOf(kind))].flatMap((match) => {
    const expression = match[1];
    if (expression === undefined) return [];
    return [{ expression, offset: match.index, length: match[0].length, name: parseName(expression) }];
  });
}

/** What an expression names; undefined when it is nothing that run-plan knows. */
export function parseName(expression: string): InterpolationName | undefined {
  const [root, first, second, ...rest] = expression.split('.');
  if (first === undefined || first === '' || rest.length > 0) return undefined;
  if (root === 'parameters' && second === undefined) return { kind: 'parameter', name: first };
  if (root === 'run' && second === undefined && isRunName(first)) return { kind: 'run', name: first };
  if (root === 'steps' && second !== undefined && second !== '')
    return { kind: 'output', step: first, output: second };
  return undefined;
}

/**
 * Puts the scope's values in place of every `${…}` in nested plain data; keys stay as they are. Every result is text:
 * `TaskRegistry.check` gives it the form that the task's schema wants.
 * @throws Failure `plan-invalid` for a name without a value: an output of a step that was skipped or failed
 */
export function interpolate<T>(value: T, scope: InterpolationScope): T;
export function interpolate(value: unknown, scope: InterpolationScope): unknown {
  if (typeof value === 'string') return interpolateText(value, scope);
  if (Array.isArray(value)) return value.map((item: unknown) => interpolate(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, interpolate(item as unknown, scope)]),
  );
}

/** The same for one text. */
export function interpolateText(text: string, scope: InterpolationScope): string {
  return text.replaceAll(inValues, (_, expression: string | undefined) =>
    expression === undefined ? '${' : valueOf(expression, scope),
  );
}

function patternOf(kind: TextKind): RegExp {
  return kind === 'value' ? inValues : inScripts;
}

/** The value of one expression. @throws Failure `plan-invalid` when it has none */
export function valueOf(expression: string, scope: InterpolationScope): string {
  const value = find(parseName(expression), scope);
  if (value !== undefined) return value;
  throw new Failure('plan-invalid', `\${${expression}} has no value here`, {
    hint: 'the step that gives it was skipped or has failed, or --set is missing',
  });
}

function find(name: InterpolationName | undefined, scope: InterpolationScope): string | undefined {
  if (name === undefined) return undefined;
  switch (name.kind) {
    case 'parameter':
      return own(scope.parameters, name.name);
    case 'run':
      return scope.run[name.name];
    case 'output':
      return own(own(scope.steps, name.step) ?? {}, name.output);
  }
}

function own<V>(record: Readonly<Record<string, V>>, key: string): V | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isRunName(text: string): text is RunName {
  return (runNames as readonly string[]).includes(text);
}

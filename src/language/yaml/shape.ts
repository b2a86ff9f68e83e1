import type { Problem } from '../problem.ts';
import { bestBranches } from './best-branch.ts';
import { validate as validateVariable } from '../generated/variable.validate.ts';
import type { Variable } from '../generated/variable.types.ts';
import { Open } from './open.ts';
import { schemaProblem, type Origin } from './schema-problem.ts';
import { pointerParts, violations, type SchemaError, type Validator } from './validator.ts';
import { positionOf, type Path, type YamlDocument } from './yaml-document.ts';

export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

export interface ShapeCheck {
  /**
   * The value with every variable in place; of a missing one an `Open`. Where there are problems, what does not fit is left
   * out (an item of a list becomes null), so that the rest can be checked further; keys that are required may then be missing.
   */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Settings whose variable is not set and has no default. */
  readonly missing: readonly Open[];
}

export interface ShapeOptions {
  readonly variables: EnvironmentVariables;
  /** Where the checked value stands in the document; absent: it is the whole document. */
  readonly base?: Path;
  /**
   * How much of a text will be known only when it is used, as `${parameters.x}`: what may change is checked then.
   * `whole`: it may become a number or a boolean.
   */
  readonly openness?: (text: string) => 'none' | 'part' | 'whole';
}

/**
 * Holds a value against a schema and puts variables in place: `{ env, default, unit }` stands for a variable wherever
 * the schema wants no mapping of that kind, so that a secret's `{ env }` stays a reference. Texts of variables become
 * numbers and booleans where the schema wants those.
 */
export function checkShape(
  document: YamlDocument,
  value: unknown,
  validate: Validator,
  options: ShapeOptions,
): ShapeCheck {
  const state: State = {
    document,
    options,
    base: options.base ?? [],
    value,
    given: new Map(),
    missing: new Map(),
  };
  let errors = violations(validate, state.value);
  // One pass finds the variables, one reads their texts as numbers, one drops what stays open.
  for (let pass = 0; pass < 3 && settleAll(state, errors); pass += 1) {
    errors = violations(validate, state.value);
  }
  const shown = bestBranches(errors.filter((error) => !isOpen(state, error)));
  const origin: Origin = {
    document,
    base: state.base,
    variableAt: (path) => state.given.get(pointer(path.slice(state.base.length)))?.env,
  };
  return {
    value: [...state.missing].reduce(
      (at, [place, open]) => putAt(at, pointerParts(place), open),
      shown.reduce(leaveOut, state.value),
    ),
    problems: shown.flatMap((error) => problemsOf(error, state, origin)),
    missing: [...state.missing.values()],
  };
}

/** An `{ env }` that is no variable by its own shape is told so, and not that it is no number. */
function problemsOf(error: SchemaError, state: State, origin: Origin): readonly Problem[] {
  const path = pointerParts(error.instancePath);
  const at = valueAt(state.value, path);
  if (error.keyword !== 'type' || typeof at !== 'object' || at === null || !('env' in at)) {
    return [schemaProblem(error, origin)];
  }
  const base = [...origin.base, ...path];
  return violations(validateVariable, at).map((fault) => schemaProblem(fault, { ...origin, base }));
}

interface State {
  readonly document: YamlDocument;
  readonly options: ShapeOptions;
  readonly base: Path;
  value: unknown;
  /** By pointer: variables that stand in place. */
  readonly given: Map<string, Variable>;
  /** By pointer. While the schema is held against the value a text stands in their places, or nothing. */
  readonly missing: Map<string, Open>;
}

/** Settles every error that can be; whether any led to another value, so that validating again is worth it. */
function settleAll(state: State, errors: readonly SchemaError[]): boolean {
  return errors.filter((error) => settle(state, error)).length > 0;
}

function settle(state: State, error: SchemaError): boolean {
  const path = pointerParts(error.instancePath);
  const at = valueAt(state.value, path);
  if (isVariable(at) && wantsAnotherKind(error)) return putInPlace(state, path, at);
  const known = state.given.has(error.instancePath) || state.missing.has(error.instancePath);
  if (!known || error.keyword !== 'type' || typeof at !== 'string') return false;
  if (state.missing.has(error.instancePath)) return drop(state, path);
  const read = readAs(at, error.params['type']);
  if (read === undefined) return false;
  state.value = replaceAt(state.value, path, read);
  return true;
}

function isVariable(value: unknown): value is Variable {
  return typeof value === 'object' && value !== null && 'env' in value && validateVariable(value);
}

function wantsAnotherKind(error: SchemaError): boolean {
  return ['type', 'enum', 'const', 'anyOf', 'oneOf'].includes(error.keyword);
}

function putInPlace(state: State, path: readonly string[], variable: Variable): boolean {
  const text = state.options.variables[variable.env];
  const isSet = text !== undefined && text !== '';
  if (isSet || variable.default !== undefined) {
    const value = isSet ? withUnit(text, variable.unit) : withUnit(variable.default, variable.unit);
    if (isSet) state.given.set(pointer(path), variable);
    state.value = replaceAt(state.value, path, value);
    return true;
  }

  const place = [...state.base, ...path];
  state.missing.set(pointer(path), new Open(variable.env, place, positionOf(state.document, place)));
  state.value = replaceAt(state.value, path, `$${variable.env}`);
  return true;
}

function withUnit(
  value: string | number | boolean | undefined,
  unit: string | undefined,
): string | number | boolean | undefined {
  return unit !== undefined && /^\d+$/.test(String(value)) ? `${String(value)}${unit}` : value;
}

function drop(state: State, path: readonly string[]): boolean {
  state.value = replaceAt(state.value, path, undefined);
  return true;
}

/** A text as a number or a boolean where one of those is wanted; undefined when it is none. */
export function readAs(text: string, wanted: unknown): number | boolean | undefined {
  const types = Array.isArray(wanted) ? wanted : [wanted];
  const trimmed = text.trim();
  if (types.includes('boolean') && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true';
  if (types.includes('integer') && /^[+-]?\d{1,15}$/.test(trimmed)) return Number(trimmed);
  if (types.includes('number') && /^[+-]?\d{1,15}(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  return undefined;
}

/** The error speaks of a value that is not known yet, or of the gap that such a value leaves. */
function isOpen(state: State, error: SchemaError): boolean {
  // A key that must not be there is wrong whatever its value will be.
  if (error.keyword === 'false schema') return false;
  if (state.missing.has(error.instancePath)) return true;
  const missing = error.params['missingProperty'];
  if (error.keyword === 'required' && typeof missing === 'string') {
    return state.missing.has(`${error.instancePath}/${escape(missing)}`);
  }
  if (typeof error.data !== 'string') return false;
  const openness = state.options.openness?.(error.data) ?? 'none';
  return openness === 'whole' || (openness === 'part' && error.keyword !== 'type');
}

function pointer(path: Path): string {
  return path.map((part) => `/${escape(String(part))}`).join('');
}

function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[part] : undefined),
    value,
  );
}

/** The value without what an error speaks of, unless it speaks of something missing. */
function leaveOut(value: unknown, error: SchemaError): unknown {
  const path = pointerParts(error.instancePath);
  switch (error.keyword) {
    case 'required':
    case 'dependencies':
    case 'minProperties':
    case 'maxProperties':
    case 'minItems':
      return value;
    case 'oneOf':
    case 'anyOf':
      return value;
    case 'additionalProperties':
      return replaceAt(value, [...path, String(error.params['additionalProperty'])], undefined);
    case 'propertyNames':
      return replaceAt(value, [...path, String(error.params['propertyName'])], undefined);
    default:
      if (error.propertyName !== undefined) return value;
      return path.length === 0 ? {} : replaceAt(value, path, undefined);
  }
}

/** A copy with a value at the path, where what holds it is there. */
function putAt(value: unknown, path: readonly string[], open: Open): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return open;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === first ? putAt(item, rest, open) : item));
  if (typeof value !== 'object' || value === null) return value;
  if (rest.length > 0 && !(first in value)) return value;
  return { ...value, [first]: putAt((value as Record<string, unknown>)[first], rest, open) };
}

/** A copy along the path: values that aliases share stay as they are elsewhere. `undefined` removes a key and empties an item. */
function replaceAt(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item: unknown, index) =>
      String(index) === first ? (replaceAt(item, rest, replacement) ?? null) : item,
    );
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, key === first ? replaceAt(item, rest, replacement) : item] as const,
  );
  return Object.fromEntries(entries.filter(([key, item]) => key !== first || item !== undefined));
}

import type { SchemaError } from './validator.ts';

/** How problems speak of values, types and limits. */

/** What a schema's types are called. */
export const typeNames: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  null: 'empty',
};

/** What was found where another type was wanted. */
export function foundName(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text '${short(value)}'`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'a mapping';
}

/** What a limit of a schema asks for, to follow the name of what breaks it. */
export function limitInWords(error: SchemaError): string {
  const params = error.params;
  const count = String(params['limit']);
  switch (error.keyword) {
    case 'minimum':
      return `must be at least ${count}`;
    case 'maximum':
      return `must be at most ${count}`;
    case 'exclusiveMinimum':
      return `must be more than ${count}`;
    case 'exclusiveMaximum':
      return `must be less than ${count}`;
    case 'minLength':
    case 'minItems':
      return params['limit'] === 1 ? 'must not be empty' : `needs at least ${count}`;
    case 'minProperties': {
      const keys = Object.keys(asRecord(asRecord(error.parentSchema)['properties']));
      if (keys.length === 0) return 'must not be empty';
      return params['limit'] === 1 ? `needs one of ${keys.join(', ')}` : `needs at least ${count} keys`;
    }
    case 'maxProperties':
      return params['limit'] === 1 ? 'takes only one key' : `takes at most ${count} keys`;
    case 'maxLength':
      return `is longer than ${count} characters`;
    case 'maxItems':
      return `takes at most ${count}`;
    case 'uniqueItems':
      return `names the same thing twice`;
    default:
      return error.message ?? 'is not valid';
  }
}

/** The schema's examples, as a hint. */
export function exampleHint(schema: Readonly<Record<string, unknown>>): string | undefined {
  const examples = asArray(schema['examples'])
    .slice(0, 5)
    .map((example) => (typeof example === 'string' ? example : inline(example)));
  return examples.length === 0 ? undefined : `for example ${examples.join(', ')}`;
}

/** An example as an operator would write it on one line. */
function inline(example: unknown): string {
  if (typeof example === 'string') return /^[\w./-]+$/.test(example) ? example : JSON.stringify(example);
  if (Array.isArray(example)) return `[${example.map(inline).join(', ')}]`;
  if (typeof example !== 'object' || example === null) return String(example);
  const entries = Object.entries(example).map(([key, value]) => `${key}: ${inline(value)}`);
  return `{ ${entries.join(', ')} }`;
}

/** The first line of a text, cut to 60 characters. */
export function short(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 60 || line.length < text.length ? `${line.slice(0, 60)}…` : line;
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function asArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined ? [] : [value];
}

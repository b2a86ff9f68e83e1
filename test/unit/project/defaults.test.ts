import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

const ending = '.schema.json';

/** What operators write, and what the generator therefore holds the defaults of. */
const names = [
  'plan',
  'environments',
  'settings',
  ...readdirSync('schemas/tasks').map((file) => `tasks/${file.slice(0, -ending.length)}`),
];

type Schema = Readonly<Record<string, unknown>>;

interface Key {
  readonly key: string;
  readonly description: string;
  /** Undefined: the schema says none. */
  readonly value: unknown;
}

const declared = names.map((name) => {
  const schema = JSON.parse(readFileSync(join('schemas', `${name}${ending}`), 'utf8')) as Schema;
  return { name, keys: [...keysIn(schema)] };
});
const withDefaults = declared.map(({ name, keys }) => ({
  name,
  keys: keys.filter(({ value }) => value !== undefined),
}));

/** Every key that a schema knows, however deep, with what holds where it is not said. */
function* keysIn(schema: unknown, given: unknown = {}): Generator<Key> {
  if (!isMapping(schema)) return;
  const { properties = {}, definitions = {}, items, additionalProperties, anyOf = [] } = schema;
  for (const [key, property] of Object.entries(properties as Readonly<Record<string, Schema>>)) {
    const ofParent = isMapping(given) ? given[key] : undefined;
    const value = property['default'] ?? ofParent;
    const opensFurther = isMapping(property['properties']);
    yield {
      key,
      description: String(property['description']),
      value: opensFurther && isMapping(value) ? undefined : value,
    };
    yield* keysIn(property, value);
  }
  for (const inner of anyOf as unknown[]) yield* keysIn(inner, given);
  for (const inner of [...Object.values(definitions as Schema), items, additionalProperties])
    yield* keysIn(inner);
}

function isMapping(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const sources = await sourceFiles('src', 'tasks');

/** The code that reads what the schema is of. */
function readersOf(name: string): readonly { readonly path: string; readonly text: string }[] {
  return [...sources]
    .map(([path, text]) => ({ path, text }))
    .filter(({ text }) => new RegExp(`generated/${basename(name)}\\.(?:types|defaults)\\.ts`).test(text));
}

/** What code may fall back to besides a schema's default: what is found at run time, and no path where a file is asked for. */
const found = ['contents === ', 'variables[', 'unfinished.', "''", '(smtp.tls === '];

/** What the code calls the generated defaults, or a part of them. */
const generated = /^(?:durationOf\()?(?:defaults|usual|ofPlans)[.[]/;

/** A value that stands in the code, or a constant by the name of one. */
const literal = /^(?:-?[1-9]|true\b|false\b|'[^' ]+'|\[['\d]|(?:standard|usual|default)[A-Z])/;

/** Fallbacks of the key that are not the schema's own, as they are written; of one without a default the values alone. */
function spelled(text: string, key: string, hasDefault = true): readonly string[] {
  const fallback = new RegExp(`\\b${key}(?:'\\])?\\s*\\?\\?\\s*(?<value>[^\\n]*)`, 'g');
  const destructured = new RegExp(
    `[{,]\\s*(?:'${key}':\\s*\\w+|${key}(?::\\s*\\w+)?)\\s=\\s(?<value>[^\\n]*)`,
    'g',
  );
  return [fallback, destructured]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .filter(({ groups }) => {
      const { value = '' } = groups ?? {};
      if (generated.test(value) || found.some((start) => value.startsWith(start))) return false;
      return hasDefault || literal.test(value);
    })
    .map(([whole]) => whole.trim());
}

test.each(declared)('the defaults of $name are spelled in its schema alone', ({ name, keys }) => {
  const mistakes = readersOf(name).flatMap(({ path, text }) =>
    keys.flatMap(({ key, value }) =>
      spelled(text, key, value !== undefined).map((words) => `${path}: ${words}`),
    ),
  );
  expect([...new Set(mistakes)]).toEqual([]);
});

test.each(withDefaults)('the defaults of $name are those that hold', ({ name, keys }) => {
  const text = readersOf(name)
    .map((reader) => reader.text)
    .join('\n');
  const unread = keys.filter(({ key, value }) => {
    const isTaken = new RegExp(`(?:defaults|usual)(?:\\.\\w+)*(?:\\.${key}\\b|\\['${key}'\\])`).test(text);
    const isSpread = text.includes('...defaults') && new RegExp(`\\b${key}\\b`).test(text);
    return !isTaken && !isSpread && (typeof value !== 'boolean' || !readsAbsentAs(value, text, key));
  });
  expect(unread).toEqual([]);
});

test.each(declared)('what people read of the defaults of $name is so', ({ keys }) => {
  const told = keys.flatMap(({ key, description, value }) => {
    const words = /; (?<said>\S+) unless (?:it is said|said|the settings say)/.exec(description)?.groups?.[
      'said'
    ];
    return words === undefined || words === 'all' || words === 'any' ? [] : [{ key, words, value }];
  });
  expect(told.filter(({ words, value }) => words !== String(value))).toEqual([]);
});

/** `=== true` holds what is absent for false; `=== false` and `!== false` hold it for true. */
function readsAbsentAs(value: boolean, text: string, key: string): boolean {
  const compared = [...text.matchAll(new RegExp(`\\b${key}(?:'\\])?\\s*[=!]==\\s*(?<with>true|false)`, 'g'))];
  return compared.every(({ groups }) => groups?.['with'] === String(!value));
}

test('a default beside the schema is found however it is written', () => {
  expect(spelled("const m = parameters.method ?? 'GET';", 'method')).toHaveLength(1);
  expect(spelled("parameters['dry-run'] ?? usual", 'dry-run')).toHaveLength(1);
  expect(spelled("const { format = 'custom' } = parameters;", 'format')).toHaveLength(1);
  expect(spelled("const { 'dry-run': dry = false } = parameters;", 'dry-run')).toHaveLength(1);
  expect(spelled('const format = of(parameters);\nx.format ?? defaults.format', 'format')).toEqual([]);
  expect(readsAbsentAs(false, "parameters['dry-run'] === true", 'dry-run')).toBe(true);
  expect(readsAbsentAs(true, "parameters['dry-run'] === true", 'dry-run')).toBe(false);
});

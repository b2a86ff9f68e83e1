import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnySchemaObject } from 'ajv';
import { expect, test } from 'vitest';
import { defaultsOf } from '../../../schemas/generate.ts';
import { sourceFiles } from './source-files.ts';

const folder = 'schemas/tasks';
const ending = '.schema.json';

interface Default {
  readonly key: string;
  readonly value: unknown;
}

/** Each of a task with what its schema holds where nothing is said, mappings opened. */
const declared = readdirSync(folder).map((file) => {
  const schema = JSON.parse(readFileSync(join(folder, file), 'utf8')) as AnySchemaObject;
  return { task: file.slice(0, -ending.length), defaults: leaves(defaultsOf(schema)) };
});
const tasksWithDefaults = declared.filter(({ defaults }) => defaults.length > 0);

function leaves(value: unknown, key = ''): readonly Default[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [{ key, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, name));
}

const sources = await sourceFiles('src', 'tasks');

/** The code that reads the task's parameters. */
function readersOf(task: string): readonly { readonly path: string; readonly text: string }[] {
  return [...sources]
    .map(([path, text]) => ({ path, text }))
    .filter(({ text }) => new RegExp(`generated/${task}\\.(?:types|defaults)\\.ts`).test(text));
}

/** What code may fall back to besides a schema's default: what is found at run time, and no path where a file is asked for. */
const found = ['contents === ', 'variables[', 'unfinished.', "'', host"];

/** Fallbacks of the key that are not the schema's own, as they are written. */
function spelled(text: string, key: string): readonly string[] {
  const fallback = new RegExp(`\\b${key}(?:'\\])?\\s*\\?\\?\\s*(?<value>[^\\n]*)`, 'g');
  const destructured = new RegExp(
    `[{,]\\s*(?:'${key}':\\s*\\w+|${key}(?::\\s*\\w+)?)\\s=\\s(?<value>[^\\n]*)`,
    'g',
  );
  return [fallback, destructured]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .filter(({ groups }) => ![...found, 'defaults'].some((start) => groups?.['value']?.startsWith(start)))
    .map(([whole]) => whole.trim());
}

test.each(tasksWithDefaults)(
  'the defaults of $task are spelled in its schema alone',
  ({ task, defaults }) => {
    const mistakes = readersOf(task).flatMap(({ path, text }) =>
      defaults.flatMap(({ key }) => spelled(text, key).map((words) => `${path}: ${words}`)),
    );
    expect(mistakes).toEqual([]);
  },
);

test.each(tasksWithDefaults)('the defaults of $task are those that hold', ({ task, defaults }) => {
  const text = readersOf(task)
    .map((reader) => reader.text)
    .join('\n');
  const unread = defaults.filter(({ key, value }) => {
    const isTaken = new RegExp(`defaults(?:\\.\\w+)*(?:\\.${key}\\b|\\['${key}'\\])`).test(text);
    const isSpread = text.includes('...defaults') && new RegExp(`\\b${key}\\b`).test(text);
    return !isTaken && !isSpread && (typeof value !== 'boolean' || !readsAbsentAs(value, text, key));
  });
  expect(unread).toEqual([]);
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

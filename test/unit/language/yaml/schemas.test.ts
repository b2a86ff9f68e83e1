import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generate } from '../../../../schemas/generate.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const files = readdirSync(join(root, 'schemas'), { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.schema.json') && !file.startsWith('editor'),
);

type Schema = Readonly<Record<string, unknown>>;

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every schema inside a schema, with the path to it. */
function* schemasIn(value: unknown, path: string): Generator<readonly [string, Schema]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* schemasIn(item, `${path}/${String(index)}`);
  } else if (isSchema(value)) {
    yield [path, value];
    for (const [key, item] of Object.entries(value)) {
      if (key !== 'examples' && key !== 'default') yield* schemasIn(item, `${path}/${key}`);
    }
  }
}

describe.each(files)('%s', (file) => {
  const schema = JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8')) as Schema;
  const all = [...schemasIn(schema, '')];

  /** What a property that is nothing but a reference to a definition of the file stands for. */
  function definitionOf(property: Schema): Schema {
    const name = /^#\/definitions\/(.+)$/.exec(String(property['$ref']))?.[1];
    const definitions = schema['definitions'];
    const definition = name !== undefined && isSchema(definitions) ? definitions[name] : undefined;
    return isSchema(definition) ? { ...definition, ...property } : property;
  }

  test('is draft-07 and known by its path', () => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', $id: file });
  });

  test('every property has a description and an example', () => {
    const properties = all.filter(
      // What stands under a condition only narrows a property that is described elsewhere.
      ([path]) => /\/properties\/[^/]+$/.test(path) && !/\/(?:dependencies|if|then|else)\//.test(path),
    );
    const bare = properties.filter(([, property]) => {
      const { description, examples } = definitionOf(property);
      const isDescribed = typeof description === 'string' && description.length > 3;
      return !isDescribed || !Array.isArray(examples) || examples.length === 0;
    });
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test('every mapping refuses keys that it does not name', () => {
    const mappings = all.filter(([, { properties, type }]) => isSchema(properties) && type === 'object');
    const open = mappings.filter(([, { additionalProperties }]) => additionalProperties !== false);
    expect(open.map(([path]) => path)).toEqual([]);
  });
});

test('generated types and validators have not drifted from their schemas', async () => {
  for (const [path, text] of await generate()) {
    expect(readFileSync(join(root, path), 'utf8'), path).toBe(text);
  }
});

test('every task has a schema and every schema of a task a task', () => {
  const tasks = readdirSync(join(root, 'tasks')).map((file) => file.replace(/\.ts$/, ''));
  const schemas = files
    .filter((file) => file.startsWith('tasks/'))
    .map((file) => file.slice(6, -'.schema.json'.length));
  expect(schemas.sort()).toEqual(tasks.sort());
});

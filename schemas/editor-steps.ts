import type { AnySchemaObject } from 'ajv';

const interpolation = {
  description: 'A value that is known when the step starts.',
  type: 'string',
  pattern: '^\\$\\{[^}]+\\}$',
  examples: ['${parameters.jobs}'],
};

/**
 * The schema by which an editor checks a step's `with`: one `if`/`then` for each built-in task, whose parameters may
 * also be written as `${…}` or as a variable. `schemas` are all schemas by file.
 */
export function editorSteps(schemas: ReadonlyMap<string, AnySchemaObject>): AnySchemaObject {
  const tasks = [...schemas].filter(([file]) => file.startsWith('tasks/'));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'editor/steps.schema.json',
    title: 'Parameters of built-in tasks',
    description: 'Generated from schemas/tasks by `npm run generate`. Do not edit.',
    allOf: tasks.map(([file, schema]) => {
      const required = Array.isArray(schema['required']) && schema['required'].length > 0;
      return {
        if: { properties: { task: { const: taskName(file) } }, required: ['task'] },
        then: { properties: { with: asWritten(schema, true) }, ...(required && { required: ['with'] }) },
      };
    }),
  };
}

function taskName(file: string): string {
  return file.slice('tasks/'.length, -'.schema.json'.length);
}

/** The schema of a value as it may be written: each single value may come from elsewhere. */
function asWritten(schema: unknown, isRoot = false): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $schema: _, $id: __, ...own } = schema as Record<string, unknown>;
  const properties = own['properties'];
  const copy: Record<string, unknown> = {
    ...own,
    ...(typeof own['$ref'] === 'string' && { $ref: fromEditorFolder(own['$ref']) }),
    ...(typeof properties === 'object' &&
      properties !== null && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, value]) => [name, asWritten(value)]),
        ),
      }),
    ...('items' in own && { items: asWritten(own['items']) }),
  };
  if (isRoot || own['type'] === 'object' || own['type'] === 'array' || isSecret(own)) return copy;
  const { description, examples, default: standard, ...value } = copy;
  return {
    description,
    examples,
    ...(standard !== undefined && { default: standard }),
    anyOf: [value, interpolation, { $ref: '../variable.schema.json' }],
  };
}

function isSecret(schema: Record<string, unknown>): boolean {
  return typeof schema['$ref'] === 'string' && schema['$ref'].endsWith('secret.schema.json');
}

/** Both folders lie side by side below schemas/, so a task's `../shared/…` means the same from here. */
function fromEditorFolder(reference: string): string {
  return reference.startsWith('../') ? reference : `../tasks/${reference}`;
}

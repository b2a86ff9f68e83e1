import { taskValidators } from '../language/generated/task-validators.ts';
import { ajvOptions } from '../language/yaml/ajv-options.ts';
import type { SchemaError, Validator } from '../language/yaml/validator.ts';
import type { Task } from './contract.ts';

const nothingAllowed = { type: 'object', additionalProperties: false };

/** The generated validator of a built-in task. @throws when there is none: a bug, the task's schema was not added */
export async function builtInValidator(name: string): Promise<Validator> {
  const loaders: Readonly<Record<string, () => Promise<{ readonly validate: unknown }>>> = taskValidators;
  const load = loaders[name];
  if (load === undefined) throw new Error(`schemas/tasks has no schema for the built-in task ${name}`);
  return (await load()).validate as Validator;
}

export type CompiledParameters =
  | { readonly validate: Validator; readonly message?: undefined }
  | { readonly validate?: undefined; readonly message: string };

/** Compiles the schema of an operator's task; a schema that is none comes back as a message. */
export async function compileParameters(task: Task): Promise<CompiledParameters> {
  const schema = Object.keys(task.parameters).length === 0 ? nothingAllowed : task.parameters;
  try {
    const { Ajv } = await import('ajv');
    const ajv = new Ajv(ajvOptions);
    const compiled = ajv.compile(schema);
    const validate: Validator = (value) => {
      const fits = compiled(value);
      validate.errors = (compiled.errors ?? []) as readonly SchemaError[];
      return fits;
    };
    return { validate };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

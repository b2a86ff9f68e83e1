import { relative, resolve, join } from 'node:path';
import type { Problem } from '../language/problem.ts';
import { listDeclaredTasks, type DeclaredTask, type LoadBuilt } from './built-in-tasks.ts';
import type { Task } from './contract.ts';
import type { KnownTask, TaskCatalogue, TaskFile, TaskLookup } from '../language/task-declaration.ts';
import { importTask } from './task-module.ts';
import { readdirSync } from 'node:fs';
import { taskValidators } from '../language/generated/task-validators.ts';
import { ajvOptions } from '../language/yaml/ajv-options.ts';
import type { SchemaError, Validator } from '../language/yaml/validator.ts';

/** A task that a plan can use: its module imported, its parameters' validator ready. */
export interface RegisteredTask extends KnownTask {
  readonly task: Task;
  /** Loads the code of the task's work, so that its run need not wait for that. Absent: all is there. */
  readonly load?: () => void;
}

export type TaskRegistry = TaskCatalogue<RegisteredTask>;

export interface RegistryOptions {
  readonly builtInFolder: string;
  /** Loads a file of the build; absent: the folder holds sources, which are imported as the operator's are. */
  readonly loadBuilt?: LoadBuilt;
  /** The operator's folders; those that do not exist hold no tasks. */
  readonly folders: readonly string[];
  /** Problems name files relative to this folder. */
  readonly workingFolder: string;
  /** The operator named the settings, and vouches for who may write what the tasks import. */
  readonly isNamed?: boolean;
}

/** Lists the folders; nothing is imported yet. */
export function createTaskRegistry(options: RegistryOptions): TaskRegistry {
  const builtIn = resolve(options.builtInFolder);
  const own = new Set(options.folders.map((folder) => resolve(options.workingFolder, folder)));
  // A checkout of run-plan itself finds the built-in tasks, or their sources, where an operator's own would be.
  for (const folder of [builtIn, resolve(builtIn, '../../tasks')]) own.delete(folder);
  const { loadBuilt, isNamed = false } = options;
  const declared = loadBuilt === undefined ? undefined : listDeclaredTasks(builtIn, loadBuilt);
  const lists = [
    ...(loadBuilt === undefined ? [listTaskFiles(builtIn, true)] : []),
    ...[...own].map((folder) => listTaskFiles(folder, false)),
  ];
  const builtInTasks = new Map(declared?.map((task) => [task.file, task]));
  const shown = (file: TaskFile): string => relative(options.workingFolder, file.path) || file.path;
  const files = new Map<string, TaskFile>();
  const problems: Problem[] = [];
  for (const file of [...builtInTasks.keys(), ...lists.flat()]) {
    const other = files.get(file.name);
    if (other === undefined) files.set(file.name, file);
    else problems.push(takenName(file, other, shown));
  }
  const lookups = new Map<string, Promise<TaskLookup<RegisteredTask>>>();
  return {
    files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    problems,
    has: (name) => files.has(name),
    find: (name) => {
      const file = files.get(name);
      if (file === undefined) throw new Error(`there is no task '${name}'`);
      const lookup = lookups.get(name) ?? register(file, shown(file), isNamed, builtInTasks.get(file));
      lookups.set(name, lookup);
      return lookup;
    },
  };
}

async function register(
  file: TaskFile,
  shown: string,
  isNamed: boolean,
  declared: DeclaredTask | undefined,
): Promise<TaskLookup<RegisteredTask>> {
  if (declared !== undefined)
    return { registered: { ...declared, validate: await builtInValidator(file.name) } };
  const imported = await importTask(file, shown, isNamed);
  if (imported.problem !== undefined) return imported;
  const { task } = imported;
  if (file.isBuiltIn) return { registered: { task, file, validate: await builtInValidator(task.name) } };
  const compiled = await compileParameters(task);
  if (compiled.validate !== undefined) return { registered: { task, file, validate: compiled.validate } };
  return {
    problem: problemOf(shown, `the task's 'parameters' are no usable JSON Schema: ${compiled.message}`),
  };
}

function takenName(file: TaskFile, other: TaskFile, shown: (file: TaskFile) => string): Problem {
  const owner = other.isBuiltIn ? 'a built-in task' : shown(other);
  return {
    ...problemOf(shown(file), `the name '${file.name}' is taken by ${owner}`),
    hint: 'rename the file and the task',
  };
}

function problemOf(file: string, message: string): Problem {
  return { file, line: 1, column: 1, severity: 'error', rule: 'task-module', message };
}

const taskFile = /^(?<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\.(?:ts|js|mjs)$/;

/** The tasks of a folder by file name, sorted; none when there is no such folder. */
function listTaskFiles(folder: string, isBuiltIn: boolean): readonly TaskFile[] {
  return entriesOf(folder)
    .sort()
    .flatMap((entry) => {
      const name = taskFile.exec(entry)?.groups?.['name'];
      return name === undefined ? [] : [{ name, path: join(folder, entry), isBuiltIn }];
    });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw error;
  }
}

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
async function compileParameters(task: Task): Promise<CompiledParameters> {
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

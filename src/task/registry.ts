import { relative, resolve } from 'node:path';
import type { Problem } from '../language/problem.ts';
import { listDeclaredTasks, type DeclaredTask, type LoadBuilt } from './built-in-tasks.ts';
import type { Task } from './contract.ts';
import { builtInValidator, compileParameters } from './parameter-validator.ts';
import { listTaskFiles } from './task-folder.ts';
import type { KnownTask, TaskCatalogue, TaskFile, TaskLookup } from '../language/task-declaration.ts';
import { importTask } from './task-module.ts';

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
}

/** Lists the folders; nothing is imported yet. */
export async function createTaskRegistry(options: RegistryOptions): Promise<TaskRegistry> {
  const builtIn = resolve(options.builtInFolder);
  const own = new Set(options.folders.map((folder) => resolve(options.workingFolder, folder)));
  // A checkout of run-plan itself finds the built-in tasks, or their sources, where an operator's own would be.
  for (const folder of [builtIn, resolve(builtIn, '../../tasks')]) own.delete(folder);
  const { loadBuilt } = options;
  const [declared, ...lists] = await Promise.all([
    loadBuilt === undefined ? undefined : listDeclaredTasks(builtIn, loadBuilt),
    ...(loadBuilt === undefined ? [listTaskFiles(builtIn, true)] : []),
    ...[...own].map((folder) => listTaskFiles(folder, false)),
  ]);
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
      const lookup = lookups.get(name) ?? register(file, shown(file), builtInTasks.get(file));
      lookups.set(name, lookup);
      return lookup;
    },
  };
}

async function register(
  file: TaskFile,
  shown: string,
  declared: DeclaredTask | undefined,
): Promise<TaskLookup<RegisteredTask>> {
  if (declared !== undefined)
    return { registered: { ...declared, validate: await builtInValidator(file.name) } };
  const imported = await importTask(file, shown);
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Task } from './contract.ts';
import type { TaskDeclaration, TaskFile } from '../language/task-declaration.ts';

/** Loads a module of the build by its path, once. */
export type LoadBuilt = (file: string) => unknown;

/** A built-in task whose module is loaded when it is asked to describe or do something. */
export interface DeclaredTask {
  readonly file: TaskFile;
  readonly task: Task;
  /** Loads the module, with all the code of the task's work, so that its run need not wait for that. */
  readonly load: () => void;
}

/** Beside the built tasks: what each says of itself, written by the build that made them. */
const declarationsFile = 'declarations.json';

/** The built-in tasks of a build, sorted by name. */
export function listDeclaredTasks(folder: string, loadBuilt: LoadBuilt): readonly DeclaredTask[] {
  const text = readFileSync(join(folder, declarationsFile), 'utf8');
  return (JSON.parse(text) as readonly TaskDeclaration[]).map((declaration) => {
    const { name } = declaration;
    const file: TaskFile = { name, path: join(folder, `${name}.cjs`), isBuiltIn: true };
    const load = (): Task => (loadBuilt(file.path) as { readonly default: Task }).default;
    return { file, task: taskOf(declaration, load), load };
  });
}

function taskOf(declaration: TaskDeclaration, load: () => Task): Task {
  return {
    ...declaration,
    get parameters() {
      return load().parameters;
    },
    describe: (parameters, environment) =>
      load().describe?.(parameters, environment) ?? [declaration.description],
    run: async (context, parameters) => load().run(context, parameters),
  };
}

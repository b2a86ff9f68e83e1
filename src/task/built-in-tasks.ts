import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Task } from './contract.ts';
import { listTaskFiles, type TaskFile } from './task-folder.ts';

/** What a task says of itself, as plain data: all that loading and checking a plan asks of it. */
export type TaskDeclaration = Pick<
  Task,
  'name' | 'description' | 'needs' | 'writes' | 'others' | 'asksBuckets' | 'role' | 'outputs'
>;

/** A built-in task's file and, where the build wrote that down, what its module says of itself. */
export interface BuiltInTask {
  readonly file: TaskFile;
  readonly declaration?: TaskDeclaration;
}

/** Beside the built tasks: the declarations of all, written by the build that made them. */
const declarationsFile = 'declarations.json';

/** The built-in tasks by file name, sorted. From the build's list, or from the folder where nothing was built (sources). */
export async function listBuiltInTasks(folder: string): Promise<readonly BuiltInTask[]> {
  const text = await readFile(join(folder, declarationsFile), 'utf8').catch(() => undefined);
  if (text === undefined) return (await listTaskFiles(folder, true)).map((file) => ({ file }));
  return (JSON.parse(text) as readonly TaskDeclaration[]).map((declaration) => {
    const { name } = declaration;
    return { file: { name, path: join(folder, `${name}.js`), isBuiltIn: true }, declaration };
  });
}

/** A task whose module, with all the code of its work, is imported when it is asked to describe or do something. */
export function declaredTask(
  declaration: TaskDeclaration,
  path: string,
): { readonly task: Task; readonly load: () => Promise<Task> } {
  const load = async (): Promise<Task> =>
    ((await import(pathToFileURL(path).href)) as { readonly default: Task }).default;
  const loadNow = (): Task => (createRequire(import.meta.url)(path) as { readonly default: Task }).default;
  const task: Task = {
    ...declaration,
    get parameters() {
      return loadNow().parameters;
    },
    describe: (parameters, environment) =>
      loadNow().describe?.(parameters, environment) ?? [declaration.description],
    run: async (context, parameters) => (await load()).run(context, parameters),
  };
  return { task, load };
}

import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Failure } from '../base/failure.ts';
import { asCommandFailure } from '../process/bind-shell.ts';
import type { Problem } from '../language/problem.ts';
import { requireOwnFile } from '../language/settings/trust.ts';
import type { Task } from './contract.ts';
import type { TaskFile } from '../language/task-declaration.ts';

export type TaskImport =
  | { readonly task: Task; readonly problem?: undefined }
  | { readonly task?: undefined; readonly problem: Problem };

/**
 * Imports a task's module, TypeScript too: Node strips the types. Whatever is wrong with the module becomes a problem
 * at its place, `shown` being the path that the operator knows. An operator's is code like what it imports, wherever that
 * lies: unless it `isVouchedFor`, none of it is run that others may write.
 * @throws Failure `not-trusted`
 */
export async function importTask(file: TaskFile, shown: string, isVouchedFor: boolean): Promise<TaskImport> {
  if (!file.isBuiltIn) {
    answerForRunPlan();
    if (!isVouchedFor) judged.add(pathToFileURL(file.path).href);
  }
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(file.path).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-trusted') throw error;
    return { problem: importProblem(file, shown, error) };
  }
  const fault = faultOf(module['default'], file.name);
  if (fault !== undefined) return { problem: problemAt(shown, 1, 1, fault) };
  const task = module['default'] as Task;
  return { task: file.isBuiltIn ? task : ownTask(task, file, shown) };
}

/** An operator's task: what it throws is the failure of that task, told with its file and line, and no bug of run-plan. */
function ownTask(task: Task, file: TaskFile, shown: string): Task {
  const run: Task['run'] = async (context, parameters) => {
    try {
      return await task.run(context, parameters);
    } catch (error) {
      // The attempt makes a Failure of a command's bad end.
      if (error instanceof Failure || context.signal.aborted || asCommandFailure(error, String) !== error)
        throw error;
      throw thrownByTask(error, file, shown);
    }
  };
  return Object.assign(Object.create(task) as Task, { run });
}

function thrownByTask(error: unknown, file: TaskFile, shown: string): Failure {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = lineIn(stack, pathToFileURL(file.path).href) ?? lineIn(stack, file.path);
  const where = place === undefined ? shown : `${shown}:${place.line}:${place.column}`;
  return new Failure('task-failed', `the task ${file.name} threw: ${message}`, { where, cause: error });
}

/** What a default export lacks to be the task of its file. */
function faultOf(task: unknown, name: string): string | undefined {
  if (task === undefined) return 'the module has no default export; it must be a Task of run-plan/task';
  if (typeof task !== 'object' || task === null) return 'the default export is no Task of run-plan/task';
  const fields = task as Readonly<Record<string, unknown>>;
  if (fields['name'] !== name) {
    return `the task's name must be that of its file, '${name}', not ${JSON.stringify(fields['name'])}`;
  }
  if (typeof fields['description'] !== 'string') return "the task's 'description' must be text";
  for (const key of ['needs', 'writes', 'outputs']) {
    if (!Array.isArray(fields[key])) return `the task's '${key}' must be a list`;
  }
  if (!roles.includes(String(fields['role']))) return `the task's 'role' must be one of ${roles.join(', ')}`;
  if (typeof fields['parameters'] !== 'object' || fields['parameters'] === null) {
    return "the task's 'parameters' must be a JSON Schema";
  }
  if (typeof fields['run'] !== 'function') return "the task's 'run' must be a function";
  return undefined;
}

const roles: readonly string[] = [
  'dump',
  'verify',
  'prune',
  'restore',
  'check',
  'other',
] satisfies Task['role'][];

function importProblem(file: TaskFile, shown: string, error: unknown): Problem {
  const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error);
  const own = pathToFileURL(file.path).href;
  // Node puts the place of a syntax error first in its stack, as `file:///…:line`; swc draws it as `[line:column]`.
  const place = lineIn(text, own) ?? lineIn(text, file.path);
  const first = (error instanceof Error ? error.message : String(error))
    .split('\n')
    .find((line) => line.trim() !== '');
  const message = (first ?? 'the module cannot be loaded')
    .trim()
    .replaceAll(own, shown)
    .replaceAll(file.path, shown);
  return problemAt(shown, place?.line ?? 1, place?.column ?? 1, `cannot load the task: ${message}`);
}

function lineIn(text: string, path: string): { readonly line: number; readonly column: number } | undefined {
  const at = text.indexOf(`${path}:`);
  if (at === -1) return undefined;
  const match = /^:(\d+)(?::(\d+))?/.exec(text.slice(at + path.length));
  return match === null ? undefined : { line: Number(match[1]), column: Number(match[2] ?? 1) };
}

function problemAt(file: string, line: number, column: number, message: string): Problem {
  return { file, line, column, severity: 'error', rule: 'task-module', message };
}

/** Addresses of operators' modules that nobody vouches for, and of what they import. */
const judged = new Set<string>();

let isAnswering = false;

/**
 * Lets an operator's task import `run-plan/task` although nothing is installed beside it. The contract is types, which
 * Node strips; its one value is handed over through the global object, so that a task throws the `Failure` that the
 * engine knows.
 */
function answerForRunPlan(): void {
  if (isAnswering) return;
  isAnswering = true;
  Object.defineProperty(globalThis, contractKey, { value: { Failure } });
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (specifier === 'run-plan/task') return { url: contractUrl, shortCircuit: true };
      const found = nextResolve(specifier, context);
      const isOwn = context.parentURL !== undefined && judged.has(context.parentURL);
      if (isOwn && found.url.startsWith('file:')) judged.add(found.url);
      return found;
    },
    load: (url, context, nextLoad) => {
      if (url === contractUrl) return { format: 'module', source: contractSource, shortCircuit: true };
      if (judged.has(url)) requireOwnFile(fileURLToPath(url));
      return nextLoad(url, context);
    },
  });
}

const contractUrl = 'run-plan:task';
const contractKey = Symbol.for('run-plan/task');
const contractSource = `export const { Failure } = globalThis[Symbol.for('run-plan/task')];`;

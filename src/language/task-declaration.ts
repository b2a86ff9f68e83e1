import type { Problem } from './problem.ts';
import type { Validator } from './yaml/validator.ts';

export type EnvironmentPart = 'postgres' | 'repository' | 'uploads';

/** What a task says of itself: all that loading and checking a plan asks of it. */
export interface TaskDeclaration {
  /** `noun-verb`, equal to the file's name. */
  readonly name: string;
  /** One line for `list` and `show`. */
  readonly description: string;
  /** Parts of the step's environment without which the task cannot run; missing ones are problems in the plan. */
  readonly needs: readonly EnvironmentPart[];
  /** Parts of the step's environment that it changes; a protected environment asks for confirmation then. Storing and pruning artifacts is not such a change. */
  readonly writes: readonly EnvironmentPart[];
  /** Parameters that name another environment, and the part of it that the task uses. They are written out: no `${…}`. */
  readonly others?: readonly { readonly parameter: string; readonly needs: EnvironmentPart }[];
  /** It asks the declared buckets themselves, with the keys of each: a unit that runs it loads their credentials. */
  readonly asksBuckets?: true;
  /** What the plan's rules want to know: it produces artifacts, reads them back, checks something, or restores. */
  readonly role: 'dump' | 'verify' | 'prune' | 'restore' | 'check' | 'other';
  /** Names that later steps may use as `${steps.ID.name}`. */
  readonly outputs: readonly string[];
}

/** A file that is a task by its name: `noun-verb.ts`. Other files of the folder are the tasks' own affair. */
export interface TaskFile {
  readonly name: string;
  readonly path: string;
  readonly isBuiltIn: boolean;
}

/** A task that plans may use, with the validator of its parameters. */
export interface KnownTask {
  readonly task: TaskDeclaration;
  readonly file: TaskFile;
  readonly validate: Validator;
}

export type TaskLookup<Known extends KnownTask> =
  | { readonly registered: Known; readonly problem?: undefined }
  | { readonly registered?: undefined; readonly problem: Problem };

/** Built-in and operator's tasks alike, known by their files' names; an operator's is imported when a plan uses it. */
export interface TaskCatalogue<Known extends KnownTask = KnownTask> {
  /** Every task's file, sorted by name. */
  readonly files: readonly TaskFile[];
  /** Two files of one name. */
  readonly problems: readonly Problem[];
  has(name: string): boolean;
  /** Imports a task, once; a module that is no task gives a problem. @throws Error (a bug) for an unknown name */
  find(name: string): Promise<TaskLookup<Known>>;
}

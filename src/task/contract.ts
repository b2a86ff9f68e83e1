import type { Clock } from '../base/clock.ts';
import type { Environment, PostgresEndpoint } from '../language/environment/environment.ts';
import type { RetentionPolicy } from '../language/plan/plan.ts';
import type { Repository } from '../store/repository.ts';
import type { Secrets } from '../language/secret-reference.ts';
import type { Commands } from '../process/commands.ts';
import type { Shell } from '../process/shell.ts';
import type { TaskDeclaration } from '../language/task-declaration.ts';
import type { Declared } from './declared.ts';

export type { EnvironmentPart, TaskDeclaration } from '../language/task-declaration.ts';
export type { Shell, ShellCommand, ShellOptions, ShellOutput } from '../process/shell.ts';
export { Failure } from '../base/failure.ts';

/**
 * The task contract: all that a task knows of run-plan. A task is a module in `tasks/` whose default export is a
 * `Task`; the operator's own tasks are written against exactly this and nothing else.
 */
export interface Task<Parameters extends object = Record<string, unknown>> extends TaskDeclaration {
  /** JSON Schema (draft-07) of `with`. */
  readonly parameters: object;
  /** The commands and effects it would have, one a line, for `show` and `--dry-run`. Pure. */
  describe?(parameters: Parameters, environment: Environment): readonly string[];
  run(context: TaskContext, parameters: Parameters): Promise<TaskResult>;
}

export interface TaskResult {
  /** Values of the names in `outputs`. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Bytes moved, for MB/s in the record. */
  readonly bytes?: number;
  /** Evidence for the record: plain JSON, no secrets. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** What was restored: later steps of the same environment work on that database. */
  readonly restored?: Restored;
}

/** A database that a step of this run restored. */
export interface Restored {
  readonly postgres: PostgresEndpoint;
  /** Name of the artifact and of the environment whose repository holds it; absent for a file of another tool. */
  readonly artifact?: {
    readonly name: string;
    readonly environment: string;
    /** What of the database it was made to hold, in words; absent of a whole one. */
    readonly partial?: string;
  };
  /** Only a part of the artifact was asked for, in words: its counts cannot be those of the whole. */
  readonly partial?: string;
  /** Entries of the dump that could not be restored and that the plan accepts: `TABLE public orders owner`. */
  readonly incomplete?: readonly string[];
  /** Owners, privileges and settings were restored, too; `ownerMap`: roles of the target by those of the source. */
  readonly privileges?: { readonly ownerMap: Readonly<Record<string, string>> };
}

/** What the engine lends a task for one attempt of one step. */
export interface TaskContext {
  readonly run: RunIdentity;
  readonly environment: Environment;
  /** The plan's retention and zone, for pruning. */
  readonly retention: RetentionPolicy | undefined;
  readonly timeZone: string;
  readonly clock: Clock;
  /** In [0, 1), as `Math.random`. */
  readonly random: () => number;
  /** Aborted at the deadline, on a stall, on SIGINT and SIGTERM. Hand it to everything that waits. */
  readonly signal: AbortSignal;
  readonly report: Reporter;
  /** An empty folder (0700) of this attempt, removed after it. */
  readonly folder: string;
  /**
   * A folder (0700) of this step that stays on this host beside the run's record, `ROOT/RUN-ID/STEP-ID`, made when it
   * is first asked for and the same for every attempt: for lists too long for the record.
   */
  readonly kept: string;
  readonly secrets: Secrets;
  /** For bulk bytes: programs joined by pipes of the operating system. */
  readonly commands: Commands;
  /** For short commands and text: zx's own `$`, bound to this attempt. */
  readonly $: Shell;
  /** Does something up to `times` times, with a pause after each failure (milliseconds). @throws what the last try threw */
  retry<Result>(times: number, pauseMs: number, work: () => Promise<Result>): Promise<Result>;
  /** What an earlier step of this run restored into the step's environment. */
  readonly restored: Restored | undefined;
  /** Whether an earlier step of this run has failed or was cancelled. */
  readonly hasFailed: boolean;
  /** All that is declared beside this plan: for checks that watch over it. */
  readonly declared: Declared;
  /** An environment that a parameter of `others` names. */
  environmentNamed(name: string): Environment;
  /** Opens the repository of the step's environment, or of a named one, once a run. @throws Failure `environment-incomplete` */
  repository(environment?: string): Promise<Repository>;
  /**
   * Starts the throw-away cluster of the step's ephemeral environment once a run, of that major or of the newest
   * installed one; it is gone after the run. Gives its maintenance database. @throws Failure `tool-missing`, `cluster-start`
   */
  startCluster(major: number | undefined): Promise<PostgresEndpoint>;
  /** Runs when the attempt ends however it ends, last registered first, each with 10 s; also after a signal. */
  onEnd(what: string, action: () => Promise<void>): void;
}

export interface RunIdentity {
  /** `nightly-prod-20250101T020000Z-3fa9`: also the `application_name` of its database sessions. */
  readonly id: string;
  readonly plan: string;
  readonly planHash: string;
  readonly startedAt: Date;
  /** Name of a database that only this run uses: `${run.scratch}`. */
  readonly scratch: string;
}

/** How a task speaks: as run events. Anything said here counts as life for the stall timeout. */
export interface Reporter {
  /** Bytes done so far in this attempt, of an expected total when one is known. Cheap: throttled by the engine. */
  progress(bytes: number, totalBytes?: number): void;
  /** What it is doing now, in a few words: `counting rows`. */
  phase(text: string): void;
  /** A line for the record. */
  note(text: string): void;
  /** A line for the record that an operator should act on. */
  warn(text: string): void;
}

import type { Clock } from '../base/clock.ts';
import type { Environment } from '../language/environment/environment.ts';
import type { LockTaker } from '../task/run-lock.ts';
import type { ProcessGroups } from '../process/process-groups.ts';
import type { AlertTold, EventSink } from './record/event.ts';
import type { OnWait } from '../s3/client.ts';
import type { Repository } from '../store/repository.ts';
import type { RunRecord } from '../language/generated/run-record.types.ts';
import type { Secrets } from '../language/secret-reference.ts';
import type { Reporter, Restored, RunIdentity } from '../task/contract.ts';
import type { Declared } from '../task/declared.ts';
import type { RunningCluster } from './clusters.ts';
import type { Pipeline } from './pipeline.ts';
import type { SignOffAnswer, SignOffQuestion } from './sign-off.ts';

/** Keeps something of every run besides its record: the evidence of a drill. */
export interface RunKeeper {
  /** For messages: `the drill's evidence`. */
  readonly name: string;
  keep(run: FinishedRun): Promise<void>;
}

/** A run whose steps are over. */
export interface FinishedRun {
  readonly record: RunRecord;
  readonly pipeline: Pipeline;
  /** What steps have restored, by environment. */
  readonly restored: ReadonlyMap<string, Restored>;
  /** The environment whose repository keeps the run's record; undefined when none has a repository. */
  readonly repository: Environment | undefined;
  /** Opens an environment's repository, once a run. */
  readonly openRepository: (environment: Environment) => Promise<Repository>;
  readonly signal: AbortSignal;
  /** Tells a warning of the run. */
  readonly warn: (text: string) => void;
}

/** A message to somebody, as the run's record has it. */
export type ReportAlert = (alert: Omit<AlertTold, 'type' | 'at'>) => void;

/** A run that has its locks and begins. */
export interface BegunRun {
  readonly run: string;
  readonly pipeline: Pipeline;
  readonly report: ReportAlert;
}

/** Tells people how runs go; by what way, the engine does not know. */
export interface RunAlerts {
  /** Must neither wait nor throw. */
  started(run: BegunRun): void;
  /**
   * Tells how a run ends, before its record is stored; a second time when it then fails to be stored. Every attempt is
   * reported.
   * @throws Failure `alert-undelivered`, `alert-unproven`
   */
  finished(run: FinishedRun, report: ReportAlert): Promise<void>;
}

/** Everything outside that a run touches, handed in, so that tests can hold each of it. */
export interface RunHost {
  readonly clock: Clock;
  /** 0 ≤ n < 1, for run ids and the jitter of retries. */
  readonly random: () => number;
  readonly hostName: string;
  readonly pid: number;
  /** Of run-plan, Node and what else the record should name. */
  readonly versions: Readonly<Record<string, string>>;
  /** What programs inherit. */
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  /** Where `run:` steps run unless they say `cwd`. */
  readonly workingFolder: string;
  /** Journals, locks and temporary folders live in it. */
  readonly stateFolder: string;
  readonly secrets: Secrets;
  /** Replaces every secret that is known by now. */
  readonly redact: (text: string) => string;
  readonly groups: ProcessGroups;
  /** One run of a plan at a time on this host. */
  readonly hostLock: LockTaker;
  /** Further locks, taken in order before the first step. */
  readonly locks: readonly LockTaker[];
  /** Listen to every event, redacted. Closed at the end of the run. */
  readonly sinks: readonly EventSink[];
  /** One that outlasts a restart of its store, and tells of it. @throws Failure `environment-incomplete` */
  readonly openRepository: (environment: Environment, onWait: OnWait) => Promise<Repository>;
  /** What the operator's scripts get beside the inherited: PGHOST and the like. Files may be written to `folder`. */
  readonly scriptVariables: (
    environment: Environment,
    run: RunIdentity,
    folder: string,
  ) => Promise<Readonly<Record<string, string>>>;
  /** Starts a throw-away Postgres cluster of that major. @throws Failure `tool-missing`, `cluster-start` */
  readonly startCluster: (major: number | undefined, signal: AbortSignal) => Promise<RunningCluster>;
  /** Lent to tasks that watch over everything that is declared. */
  readonly declared: Declared;
  /** Asks a person; absent where nobody can be asked. Undefined when they leave it open. */
  readonly askSignOff?: (
    question: SignOffQuestion,
    signal: AbortSignal,
    report: Pick<Reporter, 'phase'>,
  ) => Promise<SignOffAnswer | undefined>;
  /** Loads code that the steps will need; called where there is something to wait for anyway. */
  readonly prepare?: () => void;
  /** Keep more of a run than its record, before that is stored; one that fails makes the run red. */
  readonly keepers: readonly RunKeeper[];
  /** Absent: nobody is told. */
  readonly alerts?: RunAlerts;
  /** Aborts on SIGINT and SIGTERM with a Failure `interrupted` or `terminated` as its reason. */
  readonly cancel: AbortSignal;
  /** Tells a bug's stack, redacted, to whoever can mend it. */
  readonly reportBug: (stack: string) => void;
}

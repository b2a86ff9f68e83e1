import type { Clock } from '../clock.ts';
import type { Environment } from '../environment/environment.ts';
import type { LockTaker } from '../lock/run-lock.ts';
import type { ProcessGroups } from '../process/process-groups.ts';
import type { EventSink } from '../record/event.ts';
import type { Repository } from '../repository/repository.ts';
import type { Secrets } from '../secret/reference.ts';

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
  /** @throws Failure `environment-incomplete` */
  readonly openRepository: (environment: Environment) => Promise<Repository>;
  /** What the operator's scripts get beside the inherited: PGHOST and the like. Files may be written to `folder`. */
  readonly scriptVariables: (
    environment: Environment,
    folder: string,
  ) => Promise<Readonly<Record<string, string>>>;
  /** Aborts on SIGINT and SIGTERM with a Failure `interrupted` or `terminated` as its reason. */
  readonly cancel: AbortSignal;
  /** Tells a bug's stack, redacted, to whoever can mend it. */
  readonly reportBug: (stack: string) => void;
}

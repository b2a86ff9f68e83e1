import type { SpanCounts } from './retention-spans.ts';
import type { CommandVariables } from '../command-variables.ts';

/**
 * A plan after loading: shape validated, every value parsed to its unit, every name checked.
 * Plans are plain frozen data; nothing here reads a file or the environment.
 */
export interface Plan {
  /** The file's name without `.yaml`; what an operator types. */
  readonly name: string;
  /** Path as given to the operator, relative to the working folder where possible. */
  readonly file: string;
  /** sha256 of the file's bytes, hex. */
  readonly hash: string;
  readonly description?: string;
  /** Name of the environment that steps use unless they say otherwise. */
  readonly environment: string;
  /** IANA zone in which retention slots and cron schedules are cut; `UTC` unless said. */
  readonly timeZone: string;
  readonly schedule: readonly ScheduleEntry[];
  readonly timer?: TimerSettings;
  readonly objectives: { readonly rpoMs?: number; readonly rtoMs?: number };
  readonly alerts?: AlertDemands;
  readonly retention?: RetentionPolicy;
  readonly timeoutMs: number;
  readonly parameters: readonly PlanParameter[];
  /** Name of the protected environment that this plan may write to. */
  readonly writes?: string;
  readonly steps: readonly Step[];
}

export interface ScheduleEntry {
  /** A systemd calendar expression; cron expressions are converted while loading. */
  readonly calendar: string;
  /** As the operator wrote it, when that was cron. */
  readonly cron?: string;
  /** First and last day on which it fires, `YYYY-MM-DD`, both inclusive, in the plan's zone. */
  readonly from?: string;
  readonly until?: string;
}

/** What a plan says of its systemd timer beyond the schedule. */
export interface TimerSettings {
  /** Wakes a suspended host. */
  readonly wakeSystem: boolean;
  /** How much later than scheduled a run may start; absent: what suits the schedule. */
  readonly jitterMs?: number;
}

/** What a plan asks of the alerts of its environments. */
export interface AlertDemands {
  /** Every channel must have been proven within this time. */
  readonly proofWithinMs?: number;
  /** A sign-off that is open for longer is told. */
  readonly signOffWithinMs?: number;
}

/** Which artifacts of one database to keep. Counts are of slots; `keepWithinMs` of milliseconds. */
export interface RetentionPolicy extends SpanCounts {
  readonly keepWithinMs?: number;
  readonly keepLast?: number;
  /** The floor: never fewer intact artifacts than this. At least 1; 1 unless said. */
  readonly keepAtLeast: number;
}

export interface PlanParameter {
  readonly name: string;
  readonly description?: string;
  /** Absent: `--set` must give it. */
  readonly default?: string;
}

/** `prepare` comes before the clock of the objectives starts; `cleanup` always runs. */
export type Phase = 'prepare' | 'steps' | 'cleanup';

export interface Step {
  /** Unique in the plan: as written, otherwise the task's name, otherwise `run-N`. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly phase: Phase;
  /** `file:line:column` of the step in its plan. */
  readonly position: string;
  readonly environment: string;
  readonly action: StepAction;
  /** What its commands get besides (`env:`); texts may hold `${…}` until the step starts. */
  readonly variables?: CommandVariables;
  readonly timeoutMs?: number;
  readonly stallTimeoutMs: number;
  readonly retry: RetryPolicy;
  /** Interpolated text; the step is skipped when it comes out empty, `false`, `no` or `0`. */
  readonly when?: string;
  /** Later steps run although this one failed. The run is failed all the same. */
  readonly continueOnFailure: boolean;
}

export type StepAction =
  | {
      readonly kind: 'task';
      readonly task: string;
      /** May hold `${…}` until the step starts. */
      readonly parameters: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'run';
      /** Bash under `set -euo pipefail`; `${…}` of run-plan is replaced before bash sees it, quoted. */
      readonly script: string;
      readonly cwd?: string;
      /** Path of a JUnit XML report that the script writes, relative to `cwd`: its counts become evidence. */
      readonly junit?: string;
    }
  | {
      /** A person signs it off: on a terminal at once, otherwise later with `run-plan sign-off`. */
      readonly kind: 'confirm';
      readonly text: string;
    };

export interface RetryPolicy {
  /** Further tries after the first; 0 unless said. */
  readonly times: number;
  readonly delayMs: number;
  readonly backoff: 'constant' | 'exponential';
}

// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * A plan: when it runs, what it promises, what it keeps and its steps.
 */
export interface WrittenPlan {
  /**
   * What the plan is for, in a sentence.
   */
  description?: string;
  /**
   * Name of the environment that steps use unless they name another.
   */
  environment: string;
  /**
   * When the plan runs. Entries add up; a window of days limits an entry.
   */
  schedule?: WrittenScheduleEntry[];
  /**
   * How the plan's systemd timer behaves beyond its schedule.
   */
  timer?: {
    /**
     * Wakes the host from suspend for a run; false unless said. The hardware must be able to.
     */
    'wake-system'?: boolean;
    /**
     * How much later than scheduled a run may start, always by the same time on one host: a minute or a tenth of the time between runs unless said, at most 15m.
     */
    jitter?: string;
  };
  /**
   * What the plan is held against.
   */
  objectives?: {
    /**
     * Greatest tolerable age of the newest verified artifact.
     */
    rpo?: string;
    /**
     * Greatest tolerable time to restore: the wall time of the plan's steps.
     */
    rto?: string;
  };
  /**
   * What this plan asks of the alerts of its environments.
   */
  alerts?: {
    /**
     * Every channel must have been proven by `run-plan alerts test` within this time; otherwise a run that went well exits 23.
     */
    'proof-within'?: string;
    /**
     * A sign-off of this drill that is open for longer is told; 7d unless said.
     */
    'sign-off-within'?: string;
  };
  retention?: WrittenRetention;
  /**
   * Deadline of the whole run; 24h unless the settings say another.
   */
  timeout?: string;
  /**
   * IANA zone in which schedules without a zone and retention's days are cut; that of the settings unless said.
   */
  'time-zone'?: string;
  /**
   * What --set may change for one run; steps use it as ${parameters.NAME}.
   */
  parameters?: {
    [k: string]: WrittenParameter | undefined;
  };
  /**
   * Name of the protected environment that this plan may change; without it, none.
   */
  writes?: string;
  /**
   * Steps before the clock of the objectives starts.
   */
  prepare?: WrittenStep[];
  /**
   * What the plan does, in this order.
   */
  steps: WrittenStep[];
  /**
   * Steps that always run, also after a failure or a signal.
   */
  cleanup?: WrittenStep[];
}
/**
 * One schedule, as a systemd calendar expression or in cron's five fields.
 */
export interface WrittenScheduleEntry {
  /**
   * A systemd calendar expression; without a zone it is in the plan's time zone.
   */
  calendar?: string;
  /**
   * Cron's five fields: minute, hour, day of the month, month, day of the week.
   */
  cron?: string;
  /**
   * First day on which it fires, in the plan's time zone.
   */
  from?: string;
  /**
   * Last day on which it fires, in the plan's time zone.
   */
  until?: string;
}
/**
 * Which artifacts of each database to keep: those that any rule keeps, and never fewer than keep-at-least.
 */
export interface WrittenRetention {
  /**
   * Keep everything younger than this, counted from the newest artifact.
   */
  'keep-within'?: string;
  /**
   * Keep this many of the newest.
   */
  'keep-last'?: number;
  /**
   * Keep the newest of each of this many days.
   */
  'keep-daily'?: number;
  /**
   * Keep the newest of each of this many weeks (Monday to Sunday).
   */
  'keep-weekly'?: number;
  /**
   * Keep the newest of each of this many months.
   */
  'keep-monthly'?: number;
  /**
   * Keep the newest of each of this many years.
   */
  'keep-yearly'?: number;
  /**
   * The floor: never fewer intact artifacts than this; 1 unless said.
   */
  'keep-at-least'?: number;
}
/**
 * One parameter.
 */
export interface WrittenParameter {
  /**
   * Its value unless --set gives one; without it, --set must.
   */
  default?: string | number | boolean;
  /**
   * What it is for, for people.
   */
  description?: string;
}
/**
 * One step: a task with its parameters, a command, or a question to a person.
 */
export interface WrittenStep {
  /**
   * Unique name in the plan, for ${steps.ID.output}; the task's name unless said.
   */
  id?: string;
  /**
   * What it is called in the console and the record.
   */
  name?: string;
  /**
   * The task that it runs: built in, or a file in the folder of your own tasks.
   */
  task?: string;
  /**
   * The task's parameters.
   */
  with?: {};
  /**
   * A command for bash, under set -euo pipefail.
   */
  run?: string;
  /**
   * Folder in which the command runs.
   */
  cwd?: string;
  /**
   * Path of the JUnit XML report that the command writes, relative to cwd: its test counts and failures become evidence.
   */
  junit?: string;
  /**
   * What a person looks at and signs off: asked on a terminal, elsewhere open until `run-plan sign-off`.
   */
  confirm?: string;
  /**
   * The environment of this step, when it is not the plan's.
   */
  environment?: string;
  /**
   * Deadline of one attempt.
   */
  timeout?: string;
  /**
   * The attempt ends when nothing moved for this long; 30m unless the settings say another.
   */
  'stall-timeout'?: string;
  /**
   * Further attempts after a failure.
   */
  retry?: {
    /**
     * How many attempts after the first.
     */
    times: number;
    /**
     * Pause before the next attempt; 10s unless said.
     */
    delay?: string;
    /**
     * constant: the same pause each time. exponential: twice the last one.
     */
    backoff?: 'constant' | 'exponential';
  };
  /**
   * Variables that the step's commands get beside those of its environment.
   */
  env?: {
    /**
     * The variable's value.
     */
    [k: string]:
      | string
      | number
      | {
          /**
           * Name of the environment variable that holds it.
           */
          env?: string;
          /**
           * Path of a file that holds it; a trailing newline is cut.
           */
          file?: string;
          /**
           * A command whose standard output is the secret; a trailing newline is cut.
           */
          command?: string;
          /**
           * Name of a systemd credential (LoadCredential=) of the unit.
           */
          credential?: string;
        }
      | undefined;
  };
  /**
   * The step is skipped when this comes out empty, false, no or 0.
   */
  when?: string | boolean;
  /**
   * Later steps run although this one failed; the run is failed all the same.
   */
  'continue-on-failure'?: boolean;
}

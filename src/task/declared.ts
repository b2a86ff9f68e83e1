import type { Bucket } from '../language/environment/bucket.ts';
import type { Plan } from '../language/plan/plan.ts';

/** All that is declared beside a run's plan, and what this host makes of it: what a watch looks at. */
export interface Declared {
  /** Every plan without errors. */
  readonly plans: readonly DeclaredPlan[];
  /** Names of plans whose files have errors: whoever starts one of them fails. */
  readonly broken: readonly string[];
  /** Names of the declared buckets. */
  readonly buckets: readonly string[];
  /** @throws Failure `usage` for an unknown name, `variable-missing` */
  bucket(name: string): Bucket;
  /**
   * The timers of all plans with a schedule, held against what is installed: the system's units, or those of this account.
   * @throws Failure `unit-folder`
   */
  timers(of: 'system' | 'user'): Promise<DeclaredTimers>;
}

/** A plan as its steps' tasks make it. */
export interface DeclaredPlan {
  readonly plan: Plan;
  /** Environments of which it makes artifacts. */
  readonly dumps: readonly string[];
  /** It restores something, so that evidence is kept of its runs. */
  readonly isDrill: boolean;
  /** Environment whose repository keeps its records and evidence; absent: none does. */
  readonly keptBy?: string;
}

/** What systemd makes of the plans' schedules. */
export interface DeclaredTimers {
  /**
   * `asked`: it has answered. `absent`: this host runs without systemd. `silent`: it runs and could not be asked. The last
   * two say why.
   */
  readonly systemd:
    { readonly kind: 'asked' } | { readonly kind: 'absent' | 'silent'; readonly reason: string };
  /** Of plans with a schedule that is not over. */
  readonly timers: readonly DeclaredTimer[];
  /** Installed units of no plan, and units that all plans share and that differ: path and reason. */
  readonly others: readonly UnitDrift[];
}

/** The timer of one plan. */
export interface DeclaredTimer {
  readonly plan: string;
  /** Where the units are not those of the plan. */
  readonly drift: readonly UnitDrift[];
  /** As systemd has it, in its words: `loaded`, `active`, `enabled`. */
  readonly state?: { readonly load: string; readonly active: string; readonly enabled: string };
  /** Of the unit, or by hand: the last run that has ended. `result` is `success` or why not. */
  readonly lastRun?: { readonly at: Date | null; readonly result: string };
}

export interface UnitDrift {
  readonly path: string;
  readonly reason: string;
  /** `change`: there is another text. */
  readonly action: 'install' | 'change' | 'remove' | 'start';
}

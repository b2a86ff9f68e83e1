import type { DeclaredBucket } from '../../environment/bucket.ts';
import type { EnvironmentsFile } from '../../environment/load-environments.ts';
import type { DeclaredEnvironment } from '../../environment/environment.ts';
import type { Settings } from '../../settings/settings.ts';
import type { TaskDeclaration } from '../../task-declaration.ts';
import type { Plan } from '../plan.ts';
import type { Finding, PlanFile } from '../plan-file.ts';

/** A named judgement about a plan whose shape is right: what a reviewer would say who had seen it go wrong before. */
export interface Rule {
  /** Stable: problems carry it. */
  readonly name: string;
  /** Errors refuse the plan; warnings are told. */
  readonly severity: 'error' | 'warning';
  /** What goes wrong for those who do not listen, in a sentence. */
  readonly reason: string;
  /**
   * The rule speaks of something that is absent: it waits until the plan has no other errors, because a mistyped key
   * or task looks like an absent one.
   */
  readonly speaksOfAbsence?: true;
  readonly check: (context: RuleContext) => readonly RuleFinding[];
}

/** Where and what; the rule itself gives name and severity. */
export interface RuleFinding extends Omit<Finding, 'rule' | 'severity'> {
  /** The file that the path is in; the plan's unless said. */
  readonly file?: 'plan' | 'environments';
}

export interface RuleContext {
  readonly plan: Plan;
  readonly file: PlanFile;
  readonly environments: EnvironmentsFile;
  readonly settings: Settings;
  /** The plan's own environment. */
  readonly environment: DeclaredEnvironment | undefined;
  /** Of the environment's repository, when it is described. */
  readonly bucket: DeclaredBucket | undefined;
  /** The task of that name, when it could be imported. */
  readonly task: (name: string) => TaskDeclaration | undefined;
  readonly now: Date;
}

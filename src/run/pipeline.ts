import type { Environment } from '../language/environment/environment.ts';
import type { CommandVariables } from '../language/command-variables.ts';
import type { Phase, Plan, RetryPolicy, StepAction } from '../language/plan/plan.ts';
import type { Task } from '../task/contract.ts';

/** A plan ready to run: its steps in order, each with its environment and its task. Plain data; `show` prints it. */
export interface Pipeline {
  readonly plan: Plan;
  /** The plan's own environment: its repository keeps the run records. */
  readonly environment: Environment;
  /** Every parameter's value: its default, or what `--set` said. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Every environment that a step uses or a parameter names, by name. */
  readonly environments: ReadonlyMap<string, Environment>;
  /** `prepare`, then `steps`, then `cleanup`. */
  readonly steps: readonly PipelineStep[];
}

export interface PipelineStep {
  readonly id: string;
  readonly name: string;
  readonly phase: Phase;
  /** `file:line:column` in the plan. */
  readonly position: string;
  readonly environment: Environment;
  readonly work: Work;
  /** What its commands get besides; texts may hold `${…}` until the step starts. */
  readonly variables?: CommandVariables;
  /** Covers every attempt and the delays between them. */
  readonly timeoutMs: number;
  /** Without a byte, a line or a report for so long, an attempt is ended. */
  readonly stallTimeoutMs: number;
  readonly retry: RetryPolicy;
  readonly when?: string;
  readonly continueOnFailure: boolean;
}

export type Work =
  | {
      readonly kind: 'task';
      readonly task: Task;
      /** As written; may hold `${…}` until the step starts. */
      readonly parameters: Readonly<Record<string, unknown>>;
      /** Gives interpolated parameters the form of the task's schema. @throws Failure `plan-invalid` */
      fit(parameters: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
    }
  | Extract<StepAction, { readonly kind: 'run' | 'confirm' }>;

/**
 * Which protected environments a pipeline changes: what an operator must confirm. A task says what it writes; what a
 * command writes nobody knows, so it counts where the plan says `writes:`, and reads only elsewhere.
 */
export function protectedWrites({ plan, steps }: Pipeline): readonly Environment[] {
  const written = steps
    .filter(({ work, environment }) =>
      work.kind === 'task' ? work.task.writes.length > 0 : plan.writes === environment.name,
    )
    .map(({ environment }) => environment);
  return [...new Map(written.map((environment) => [environment.name, environment])).values()].filter(
    (environment) => environment.protected,
  );
}

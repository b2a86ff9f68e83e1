import { defined } from '../base/defined.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Phase, Plan, Step } from '../language/plan/plan.ts';
import { fitParameters } from '../task/parameters.ts';
import type { RegisteredTask } from '../task/registry.ts';
import type { Pipeline, PipelineStep, Work } from './pipeline.ts';

const order: readonly Phase[] = ['prepare', 'steps', 'cleanup'];

export interface PipelineParts {
  /** Every task that the plan names. */
  readonly tasks: ReadonlyMap<string, Pick<RegisteredTask, 'task' | 'validate'>>;
  /** Every environment that the plan names, resolved. */
  readonly environments: ReadonlyMap<string, Environment>;
  /** From `--set`. */
  readonly assignments: Readonly<Record<string, string>>;
}

/**
 * Builds the pipeline of a valid plan. Pure.
 * @throws Failure `usage` for a parameter that is unknown or has no value
 */
export function buildPipeline(plan: Plan, parts: PipelineParts): Pipeline {
  return {
    plan,
    environment: demand(parts.environments, plan.environment),
    parameters: parametersOf(plan, parts.assignments),
    environments: parts.environments,
    steps: order.flatMap((phase) =>
      plan.steps.filter((step) => step.phase === phase).map((step) => buildStep(step, plan, parts)),
    ),
  };
}

function buildStep(step: Step, plan: Plan, parts: PipelineParts): PipelineStep {
  const { id, name, phase, position, stallTimeoutMs, retry, continueOnFailure } = step;
  const timeoutMs = step.timeoutMs ?? plan.timeoutMs;
  return {
    id,
    name,
    phase,
    position,
    environment: demand(parts.environments, step.environment),
    work: workOf(step, parts),
    ...defined({ variables: step.variables }),
    timeoutMs,
    // A person who thinks is not a stall: a question waits for as long as its step may take, which ends first.
    stallTimeoutMs: step.action.kind === 'confirm' ? timeoutMs + stallTimeoutMs : stallTimeoutMs,
    retry,
    ...defined({ when: step.when }),
    continueOnFailure,
  };
}

function workOf(step: Step, parts: PipelineParts): Work {
  const { action } = step;
  if (action.kind !== 'task') return action;
  const { task, validate } = demand(parts.tasks, action.task);
  return {
    kind: 'task',
    task,
    parameters: action.parameters,
    fit: (parameters) => fitParameters(parameters, validate, step.id),
  };
}

function parametersOf(
  plan: Plan,
  assignments: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = new Set(plan.parameters.map(({ name }) => name));
  const unknown = Object.keys(assignments).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new Failure('usage', `plan ${plan.name} has no parameter '${unknown}'`, {
      hint: known.size === 0 ? 'it has none at all' : `its parameters are ${[...known].join(', ')}`,
    });
  }
  return Object.fromEntries(
    plan.parameters.map(({ name, default: fallback }) => {
      const value = assignments[name] ?? fallback;
      if (value !== undefined) return [name, value];
      throw new Failure('usage', `parameter '${name}' of plan ${plan.name} has no value`, {
        hint: `say --set ${name}=…`,
      });
    }),
  );
}

/** Loading has checked every name, so a missing one is a bug. */
function demand<V>(map: ReadonlyMap<string, V>, name: string): V {
  const value = map.get(name);
  if (value === undefined) throw new Error(`the plan was loaded with an unknown name: ${name}`);
  return value;
}

/** A step's action in a word: the task's name, `run` or `confirm`. */
export function actionOf(step: PipelineStep): string {
  return step.work.kind === 'task' ? step.work.task.name : step.work.kind;
}

import { checkShape, type EnvironmentVariables, type MissingVariable } from '../yaml/shape.ts';
import type { KnownTask } from '../task-declaration.ts';
import { interpolationsIn } from './interpolate.ts';
import type { PlacedStep, PlanFile } from './plan-file.ts';
import type { Problem } from '../problem.ts';
import type { Step } from './plan.ts';

export interface CheckedParameters {
  readonly steps: readonly PlacedStep[];
  readonly problems: readonly Problem[];
  readonly missing: readonly MissingVariable[];
}

/**
 * Holds each step's `with` against the schema of its task, built in or the operator's, and puts variables in place.
 * Values that hold `${…}` are checked again when the step starts.
 */
export function checkParameters(
  file: PlanFile,
  registered: (task: string) => KnownTask | undefined,
  variables: EnvironmentVariables,
): CheckedParameters {
  const problems: Problem[] = [];
  const missing: MissingVariable[] = [];
  const steps = file.steps.map((placed) => {
    const { step, path } = placed;
    const { action } = step;
    const task = action.kind === 'task' ? registered(action.task) : undefined;
    if (action.kind !== 'task' || task === undefined) return placed;
    const base = [...path, 'with'];
    const shape = checkShape(file.document, action.parameters, task.validate, { variables, base, openness });
    problems.push(...shape.problems);
    missing.push(...shape.missing);
    const checked: Step = {
      ...step,
      action: { ...action, parameters: shape.value as Readonly<Record<string, unknown>> },
    };
    return { step: checked, path };
  });
  return { steps, problems, missing };
}

function openness(text: string): 'none' | 'part' | 'whole' {
  const [first] = interpolationsIn(text);
  if (first === undefined) return 'none';
  return first.length === text.length ? 'whole' : 'part';
}

import type { Environment } from '../language/environment/environment.ts';
import { interpolate, runNames, type InterpolationScope } from '../language/plan/interpolate.ts';
import { renderReference } from '../process/secrets/secret-store.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';

/**
 * What a step would do, one line each, for `show` and `--dry-run`. Parameters have their values; what only a run knows
 * stays as it is written. Pure.
 */
export function describeStep(
  step: PipelineStep,
  pipeline: Pick<Pipeline, 'parameters' | 'steps'>,
): readonly string[] {
  const { work } = step;
  const scope = beforeRun(pipeline);
  if (work.kind === 'run') return work.script.trimEnd().split('\n');
  if (work.kind === 'confirm') return [`ask a person: ${interpolate(work.text, scope)}`];
  const parameters = interpolate(work.parameters, scope);
  return work.task.describe?.(parameters, environmentOf(step, pipeline)) ?? [work.task.description];
}

/** What the step's commands get by `env:`, by name: its text, or where the secret is. Pure. */
export function describeVariables(
  { variables = {} }: PipelineStep,
  pipeline: Pick<Pipeline, 'parameters' | 'steps'>,
): Readonly<Record<string, string>> {
  const scope = beforeRun(pipeline);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? interpolate(value, scope) : renderReference(value),
    ]),
  );
}

/** Every name that a plan may interpolate; those without a value yet stand for themselves. */
function beforeRun({ parameters, steps }: Pick<Pipeline, 'parameters' | 'steps'>): InterpolationScope {
  const itself = (names: readonly string[], prefix: string): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, `\${${prefix}.${name}}`]));
  return {
    parameters,
    run: { id: '', scratch: '', ...itself(runNames, 'run') },
    steps: Object.fromEntries(
      steps.map(({ id, work }) => [id, work.kind === 'task' ? itself(work.task.outputs, `steps.${id}`) : {}]),
    ),
  };
}

/** A check that follows a restore into its environment looks at what was restored, not at what the environment names. */
function environmentOf(step: PipelineStep, { steps }: Pick<Pipeline, 'steps'>): Environment {
  const { environment } = step;
  const earlier = steps.slice(0, steps.indexOf(step));
  const isAfterRestore = earlier.some(
    ({ environment: other, work }) =>
      work.kind === 'task' && work.task.role === 'restore' && other.name === environment.name,
  );
  const isCheck = step.work.kind === 'task' && step.work.task.role === 'check';
  if (!isCheck || !isAfterRestore || environment.postgres === undefined) return environment;
  return { ...environment, postgres: { ...environment.postgres, database: 'the restored database' } };
}

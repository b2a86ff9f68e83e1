import { interpolate, interpolateText, type InterpolationScope } from '../plan/interpolate.ts';
import { interpolateScript } from '../plan/interpolate-script.ts';
import type { TaskContext, TaskResult } from '../task/contract.ts';
import type { AttemptWork } from './attempt.ts';
import type { PipelineStep } from './pipeline.ts';
import type { RunContext } from './run-context.ts';
import { scratchName } from './run-identity.ts';

/** What `when` may come out as for the step to be skipped. */
const falsehoods: ReadonlySet<string> = new Set(['', 'false', 'no', '0']);

export function scopeOf({ run, pipeline, outputs }: RunContext): InterpolationScope {
  return { parameters: pipeline.parameters, run: { id: run.id, scratch: scratchName(run) }, steps: outputs };
}

/** Whether the step's `when` lets it run. @throws Failure `plan-invalid` for a name without a value */
export function isWanted(step: PipelineStep, scope: InterpolationScope): boolean {
  if (step.when === undefined) return true;
  return !falsehoods.has(interpolateText(step.when, scope).trim().toLowerCase());
}

/**
 * The step's work with every `${…}` replaced.
 * @throws Failure `plan-invalid` for a name without a value, or a value that the task's schema does not want
 */
export function prepareWork(step: PipelineStep, context: RunContext, scope: InterpolationScope): AttemptWork {
  const { work } = step;
  if (work.kind === 'task') {
    const parameters = work.fit(interpolate(work.parameters, scope));
    return (lent) => work.task.run(lent, { ...parameters });
  }
  const { script, environment } = interpolateScript(work.script, scope);
  const cwd = work.cwd === undefined ? undefined : interpolateText(work.cwd, scope);
  return (lent) => runScript(lent, context, script, environment, cwd);
}

async function runScript(
  lent: TaskContext,
  context: RunContext,
  script: string,
  values: Readonly<Record<string, string>>,
  cwd: string | undefined,
): Promise<TaskResult> {
  const variables = await context.host.scriptVariables(lent.environment, lent.folder);
  await lent.commands.shell(script, {
    environment: { ...variables, ...values },
    ...(cwd !== undefined && { cwd }),
  });
  return {};
}

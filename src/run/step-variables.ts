import type { CommandVariables } from '../language/command-variables.ts';
import { interpolateText } from '../language/plan/interpolate.ts';
import { resolveVariables } from '../process/secrets/variables.ts';
import type { PipelineStep } from './pipeline.ts';
import type { RunContext } from './run-context.ts';
import { scopeOf } from './step-work.ts';

/**
 * What the plan gives to a step's commands by `env:`: texts with their `${…}` replaced, secrets found.
 * @throws Failure `plan-invalid` for a name without a value, `secret-unavailable`
 */
export async function stepVariables(
  { variables = {} }: PipelineStep,
  context: RunContext,
): Promise<Readonly<Record<string, string>>> {
  const scope = scopeOf(context);
  const whole: CommandVariables = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'string' ? interpolateText(value, scope) : value,
    ]),
  );
  return resolveVariables(whole, context.host.secrets);
}

import { exitCode, type ExitCode } from '../../exit-code.ts';
import { print, printJson, type CommandHost } from '../host.ts';
import { choosePlans, loadPlans } from '../plans.ts';
import {
  changesIn,
  differenceAsData,
  pruneDifferences,
  renderDifference,
  type PruneDifference,
} from '../prune-difference.ts';

export interface DiffOptions {
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Shows what `apply` would do; exits 22 when it would do something. */
export async function diffCommand(
  host: CommandHost,
  name: string | undefined,
  options: DiffOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const now = new Date();
  const differences: PruneDifference[] = [];
  for (const plan of choosePlans(plans, name))
    differences.push(...(await pruneDifferences(plans, plan, now)));
  if (options.json === true) printJson(host, differences.map(differenceAsData));
  else if (differences.length === 0) print(host, 'no plan prunes\n');
  else print(host, differences.map((difference) => renderDifference(difference, now)).join('\n'));
  const isDifferent = differences.some((difference) => changesIn(difference) > 0);
  return isDifferent ? exitCode.objectiveMissed : exitCode.done;
}

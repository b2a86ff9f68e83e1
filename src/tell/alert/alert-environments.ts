import { channelKinds } from '../../language/environment/channel/kinds.ts';
import type { Environment } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { environmentsOf, type Plans } from '../../task/plans.ts';

/**
 * The environments that have channels: the one that was named, otherwise all that plans use.
 * @throws Failure `environment-incomplete` when there are none, `variable-missing`
 */
export function environmentsWithAlerts(plans: Plans, name: string | undefined): readonly Environment[] {
  const { workspace } = plans;
  const used = new Set(
    [...workspace.plans.values()].flatMap((plan) => [...environmentsOf(plans, plan).keys()]),
  );
  const names =
    name === undefined ? [...workspace.environments.keys()].filter((each) => used.has(each)) : [name];
  const hasAlerts = (each: string): boolean => (workspace.environments.get(each)?.alerts ?? []).length > 0;
  const chosen = names
    .filter((each) => name !== undefined || hasAlerts(each))
    .map((each) => resolveEnvironment(workspace, each));
  if (chosen.some(({ alerts = [] }) => alerts.length > 0)) return chosen;
  const who = name === undefined ? 'no environment that a plan uses has' : `environment '${name}' has no`;
  throw new Failure('environment-incomplete', `${who} alerts`, {
    hint: `say them in plans/environments.yaml: alerts: [${channelKinds.map((kind) => `{ ${kind}: … }`).join(', ')}]`,
  });
}

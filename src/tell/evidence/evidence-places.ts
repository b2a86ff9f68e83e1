import type { EvidencePlaces } from './places.ts';
import { openStateFolder } from './places.ts';
import { planOfRun } from './document-name.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { CommandHost } from '../../task/host.ts';
import { choosePlan, environmentsOf, openRepositoryOf, type Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

/**
 * Opens the places of a plan's evidence for one action: the state folder, and the repository that keeps the plan's
 * records, its own environment's or the first that its steps use.
 */
export async function withEvidence<Result>(
  host: CommandHost,
  plans: Plans,
  plan: Plan,
  action: (places: EvidencePlaces) => Promise<Result>,
): Promise<Result> {
  const folder = stateFolderOf(plans.settings, host.environmentVariables);
  const stateFolder = await openStateFolder(folder, plans.secrets);
  const environment = [...environmentsOf(plans, plan).values()].find((each) => each.repository !== undefined);
  const repository = environment && (await openRepositoryOf(environment, plans.secrets));
  try {
    return await action({ stateFolder, repository });
  } finally {
    await repository?.close();
    await stateFolder.close();
  }
}

/** The plan of a run. @throws Failure `usage` for what is no run's id, or when there is no such plan */
export function planOf(plans: Plans, runId: string): Plan {
  const name = planOfRun(runId);
  if (name === undefined) {
    throw new Failure('usage', `'${runId}' is not the id of a run`, {
      hint: 'run-plan report lists the drills with their ids',
    });
  }
  return choosePlan(plans, name);
}

import { defined } from '../../base/defined.ts';
import type { Damage } from '../../base/document.ts';
import { readDrills, type Drill, type DrillList } from './drills.ts';
import { verifyEvidence, type Finding } from './verify.ts';
import type { EvidencePlaces } from './places.ts';
import { openStateFolder } from './places.ts';
import { planOfRun } from './document-name.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { CommandHost } from '../../task/host.ts';
import {
  choosePlan,
  choosePlans,
  environmentsOf,
  openRepositoryOf,
  stepsOfRole,
  type Plans,
} from '../../task/plans.ts';
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

/**
 * The plan that was named or whose run was; otherwise every plan that restores something.
 * @throws Failure `usage` for a run of another plan
 */
export function chooseDrills(
  plans: Plans,
  name: string | undefined,
  runId: string | undefined,
): readonly Plan[] {
  if (runId === undefined && name === undefined)
    return choosePlans(plans, undefined).filter((plan) => stepsOfRole(plans, plan, 'restore').length > 0);
  const named = name === undefined ? [] : choosePlans(plans, name);
  if (runId === undefined) return named;
  const plan = planOf(plans, runId);
  if (named.length > 0 && named[0]?.name !== plan.name)
    throw new Failure('usage', `${runId} is a run of ${plan.name}, not of ${name ?? ''}`);
  return [plan];
}

/** The evidence of plans, newest first, and what cannot be read of it. */
export async function drillsOf(
  host: CommandHost,
  plans: Plans,
  chosen: readonly Plan[],
  runId?: string,
): Promise<DrillList> {
  const drills: Drill[] = [];
  const damaged: Damage[] = [];
  for (const plan of chosen) {
    const list = await withEvidence(host, plans, plan, (places) =>
      readDrills(places, { plan: plan.name, ...defined({ runId }) }),
    );
    drills.push(...list.drills);
    damaged.push(...list.damaged);
  }
  drills.sort((left, right) => right.evidence.run.startedAt.localeCompare(left.evidence.run.startedAt));
  return { drills, damaged };
}

/** What became of the seals and documents of plans. */
export async function verifyPlans(
  host: CommandHost,
  plans: Plans,
  chosen: readonly Plan[],
): Promise<{
  readonly seals: number;
  readonly documents: number;
  readonly findings: readonly (Finding & { readonly plan: string })[];
}> {
  const findings: (Finding & { readonly plan: string })[] = [];
  let seals = 0;
  let documents = 0;
  for (const plan of chosen) {
    const verified = await withEvidence(host, plans, plan, (places) => verifyEvidence(places, plan.name));
    seals += verified.seals;
    documents += verified.documents;
    findings.push(...verified.findings.map((finding) => ({ plan: plan.name, ...finding })));
  }
  return { seals, documents, findings };
}

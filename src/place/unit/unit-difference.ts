import { defined } from '../../base/defined.ts';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DeclaredBucket } from '../../language/environment/bucket.ts';
import type { DeclaredEnvironment } from '../../language/environment/environment.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { problemsOf, requireUnitsKnown } from '../../language/plan/workspace.ts';
import { compareUnits, type UnitChange } from './comparison.ts';
import { installedUnits } from './installed-units.ts';
import { createSystemctl, type UnitState } from './systemctl.ts';
import { serviceName, timerName, type UnitFile } from './unit-file.ts';
import { unitFolder, type UnitScope } from './unit-scope.ts';
import { wantedUnits } from './wanted-units.ts';
import type { CommandHost } from '../../task/host.ts';
import { environmentNamesOf, type Plans } from '../../task/plans.ts';
import { programPlace, shippedTemplates } from './find-program-place.ts';

/** As `--user` and `--root` say. */
export interface UnitOptions {
  readonly user?: true | undefined;
  readonly root?: string | undefined;
}

/** What the plans' schedules would change among the installed units now. */
export interface UnitDifference {
  readonly scope: UnitScope;
  readonly folder: string;
  readonly wanted: readonly UnitFile[];
  readonly changes: readonly UnitChange[];
  /** What systemd says of timers and services; absent where it cannot be asked, and why. */
  readonly states?: ReadonlyMap<string, UnitState>;
  readonly absent?: string;
}

/**
 * Compares the units of all plans, or of one, with those installed; changes nothing. A plan with errors keeps the units
 * that it has.
 *
 * @throws Failure `unit-folder`, `variable-missing` for what decides a unit's text, `usage` for a path that no unit file can hold
 */
export async function unitDifference(
  host: CommandHost,
  plans: Plans,
  options: UnitOptions,
  name?: string,
): Promise<UnitDifference> {
  const scope = scopeOf(host, options);
  const { workspace, settings } = plans;
  const isUsable = (plan: string): boolean =>
    problemsOf(workspace, plan).every(({ severity }) => severity !== 'error');
  const usable = [...workspace.plans.values()].filter((plan) => isUsable(plan.name));
  for (const plan of usable) if (name === undefined || plan.name === name) requireUnitsKnown(workspace, plan);
  const wanted = wantedUnits({
    plans: usable,
    only: name,
    environmentsOf: (plan) => environmentsUsed(plans, plan),
    bucketsOf: (plan) => bucketsAsked(plans, plan),
    place: programPlace(host, settings),
    scope,
    templates: await shippedTemplates(host),
  });
  const folder = unitFolder(scope);
  const installed = await installedUnits(folder);
  const known = new Set(workspace.planFiles.values());
  const untouched = (plan: string | undefined): boolean =>
    name === undefined
      ? plan === undefined
        ? [...known].some((each) => !isUsable(each))
        : known.has(plan) && !isUsable(plan)
      : plan !== name;
  const asked = await askSystemd(host, scope, wanted);
  const states = 'absent' in asked ? undefined : asked;
  return {
    scope,
    folder,
    wanted,
    changes: compareUnits({ wanted, installed, untouched, ...defined({ states }) }),
    ...('absent' in asked ? { absent: asked.absent } : { states: asked }),
  };
}

function scopeOf({ environmentVariables }: CommandHost, { user, root }: UnitOptions): UnitScope {
  const home = environmentVariables['XDG_CONFIG_HOME'];
  return {
    kind: user === true ? 'user' : 'system',
    ...defined({ root }),
    configHome: home === undefined || home === '' ? join(homedir(), '.config') : home,
  };
}

/** Every environment of a plan as it was written: variables may be missing here that its runs have. */
export function environmentsUsed(plans: Plans, plan: Plan): readonly DeclaredEnvironment[] {
  return environmentNamesOf(plans, plan).flatMap((name) => plans.workspace.environments.get(name) ?? []);
}

/** Every declared bucket, for a plan with a task that asks them. */
function bucketsAsked({ workspace }: Plans, { steps }: Plan): readonly DeclaredBucket[] {
  const asks = steps.some(
    ({ action }) => action.kind === 'task' && workspace.tasks.get(action.task)?.task.asksBuckets === true,
  );
  return asks ? [...workspace.buckets.values()] : [];
}

async function askSystemd(
  host: CommandHost,
  scope: UnitScope,
  wanted: readonly UnitFile[],
): Promise<ReadonlyMap<string, UnitState> | { readonly absent: string }> {
  if (scope.root !== undefined)
    return { absent: `the units of ${scope.root} are of a host that does not run` };
  const plans = [...new Set(wanted.flatMap(({ plan }) => plan ?? []))];
  const units = plans.flatMap((plan) => [timerName(plan), serviceName(plan)]);
  // Without any it is asked whether it is there at all.
  return createSystemctl(scope, host.environmentVariables).states(
    units.length === 0 ? ['timers.target'] : units,
  );
}

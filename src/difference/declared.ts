import { defined } from '../base/defined.ts';
import { stat } from 'node:fs/promises';
import type { Plan } from '../language/plan/plan.ts';
import { problemsOf, resolveBucket } from '../language/plan/workspace.ts';
import type { Declared, DeclaredPlan, DeclaredTimer, DeclaredTimers, UnitDrift } from '../task/declared.ts';
import type { UnitChange } from '../place/unit/comparison.ts';
import { hasTimer } from '../place/unit/timer-unit.ts';
import type { CommandHost } from '../task/host.ts';
import type { PlanTimer } from './plan-timers.ts';
import { environmentNamesOf, stepsOfRole, type Plans } from '../task/plans.ts';
import { stateFolderOf } from '../task/state.ts';

/** What the workspace declares, as tasks that watch see it. */
export function declaredIn(host: CommandHost, plans: Plans): Declared {
  const { workspace } = plans;
  const isSound = (name: string): boolean =>
    workspace.plans.has(name) && problemsOf(workspace, name).every(({ severity }) => severity !== 'error');
  const names = [...workspace.planFiles.values()];
  const sound = [...workspace.plans.values()].filter(({ name }) => isSound(name));
  return {
    plans: sound.map((plan) => declaredPlan(plans, plan)),
    broken: names.filter((name) => !isSound(name)).sort(),
    buckets: [...workspace.buckets.keys()],
    bucket: (name) => resolveBucket(workspace, name),
    timers: (of) => timersOf(host, plans, sound.filter(hasTimer), of),
  };
}

function declaredPlan(plans: Plans, plan: Plan): DeclaredPlan {
  const { environments } = plans.workspace;
  const keptBy = environmentNamesOf(plans, plan).find(
    (name) => environments.get(name)?.repository !== undefined,
  );
  return {
    plan,
    dumps: [...new Set(stepsOfRole(plans, plan, 'dump').map(({ environment }) => environment))],
    isDrill: stepsOfRole(plans, plan, 'restore').length > 0,
    ...defined({ keptBy }),
  };
}

async function timersOf(
  host: CommandHost,
  plans: Plans,
  scheduled: readonly Plan[],
  of: 'system' | 'user',
): Promise<DeclaredTimers> {
  // Few runs ask, and what answers is a large part of the program.
  const [{ unitDifference }, { planTimer }] = await Promise.all([
    import('../place/unit/unit-difference.ts'),
    import('./plan-timers.ts'),
  ]);
  const difference = await unitDifference(host, plans, of === 'user' ? { user: true } : {});
  const { absent, changes } = difference;
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const now = new Date();
  const timers = await Promise.all(
    scheduled.map(async (plan) => declaredTimer(await planTimer(plan, difference, stateFolder, now))),
  );
  const named = new Set(timers.map(({ plan }) => plan));
  return {
    systemd:
      absent === undefined
        ? { kind: 'asked' }
        : { kind: (await runsSystemd()) ? 'silent' : 'absent', reason: absent },
    timers,
    others: changes.filter(({ plan }) => plan === undefined || !named.has(plan)).map(driftOf),
  };
}

/** As sd_booted(3) has it. */
async function runsSystemd(): Promise<boolean> {
  return stat('/run/systemd/system').then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function declaredTimer(timer: PlanTimer): DeclaredTimer {
  const { plan, drift, timer: state } = timer;
  const lastRun = lastRunOf(timer);
  return {
    plan,
    drift: drift.map(driftOf),
    ...(state !== undefined && {
      state: { load: state.load, active: state.active, enabled: state.enabled },
    }),
    ...defined({ lastRun }),
  };
}

function driftOf({ path, reason, action }: UnitChange): UnitDrift {
  return { path, reason, action };
}

/** What systemd says, unless a run by hand has gone well since: a failed drill that was repeated is over. */
function lastRunOf({ service, lastRun }: PlanTimer): DeclaredTimer['lastRun'] {
  const byUnit = service?.startedAt ?? null;
  const well = lastRun?.outcome === 'succeeded' ? new Date(lastRun.startedAt) : undefined;
  if (well !== undefined && (byUnit === null || well > byUnit)) return { at: well, result: 'success' };
  // A unit that was never started has the result `success` as well.
  if (service === undefined || (byUnit === null && service.active !== 'failed')) return undefined;
  const { result, exitStatus } = service;
  const status = exitStatus === null || exitStatus === 0 ? '' : ` (exit ${String(exitStatus)})`;
  return { at: byUnit, result: `${result}${status}` };
}

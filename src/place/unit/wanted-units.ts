import type { Bucket } from '../../language/environment/bucket.ts';
import type { Environment } from '../../language/environment/environment.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { renderHostDropIn } from './host-drop-in.ts';
import { renderAlertDropIn, renderPlanDropIn } from './plan-drop-in.ts';
import type { ProgramPlace } from './program-place.ts';
import { renderTemplate } from './template.ts';
import { hasTimer, renderTimer } from './timer-unit.ts';
import { alertName, enablingLink, serviceName, timerName, type UnitFile } from './unit-file.ts';
import { unitFolderInside, type UnitScope } from './unit-scope.ts';

export interface WantedUnits {
  readonly plans: readonly Plan[];
  readonly environmentsOf: (plan: Plan) => readonly Environment[];
  /** Declared buckets that a plan asks with the keys of each. */
  readonly bucketsOf: (plan: Plan) => readonly Bucket[];
  readonly place: ProgramPlace;
  readonly scope: UnitScope;
  /** Texts of the shipped `run-plan@.service` and `run-plan-alert@.service`. */
  readonly templates: { readonly run: string; readonly alert: string };
}

/** Every file that should be in the folder of units: of the plans with a schedule, and what these share. Pure. */
export function wantedUnits(wanted: WantedUnits): readonly UnitFile[] {
  const scheduled = wanted.plans.filter(hasTimer);
  if (scheduled.length === 0) return [];
  return [...sharedUnits(wanted), ...scheduled.flatMap((plan) => unitsOf(plan, wanted))];
}

function sharedUnits({ place, scope, templates }: WantedUnits): readonly UnitFile[] {
  const text = (path: string, content: string): UnitFile => ({ path, kind: 'text', text: content });
  const failed = ['alerts', 'unit-failed', '%i'];
  return [
    text('run-plan@.service', renderTemplate(templates.run, scope)),
    text('run-plan@.service.d/50-host.conf', renderHostDropIn(['run', '%i'], place, scope)),
    text('run-plan-alert@.service', renderTemplate(templates.alert, scope)),
    text('run-plan-alert@.service.d/50-host.conf', renderHostDropIn(failed, place, scope)),
  ];
}

function unitsOf(plan: Plan, { environmentsOf, bucketsOf, place, scope }: WantedUnits): readonly UnitFile[] {
  const surroundings = {
    environments: environmentsOf(plan),
    buckets: bucketsOf(plan),
    workingFolder: place.workingFolder,
    scope,
  };
  const text = (path: string, content: string): UnitFile => ({
    path,
    plan: plan.name,
    kind: 'text',
    text: content,
  });
  return [
    text(`${serviceName(plan.name)}.d/50-plan.conf`, renderPlanDropIn(plan, surroundings)),
    text(`${alertName(plan.name)}.d/50-plan.conf`, renderAlertDropIn(plan, surroundings)),
    text(timerName(plan.name), renderTimer(plan)),
    {
      path: enablingLink(plan.name),
      plan: plan.name,
      kind: 'link',
      target: `${unitFolderInside(scope)}/${timerName(plan.name)}`,
    },
  ];
}

import type { DeclaredTimer, UnitDrift } from '../../task/declared.ts';
import type { Check } from '../check.ts';

export interface TimerOptions {
  /** The plan of this very run: how its own last run went is no news, and would keep it red for ever. */
  readonly own: string;
  /** Units may have another text than their plan says, as long as the timer runs. */
  readonly mayDiffer: boolean;
}

/** Whether a plan's timer is installed, enabled and active, its units are those of the plan, and its last run went well. Pure. */
export function judgeTimer(timer: DeclaredTimer, { own, mayDiffer }: TimerOptions): Check {
  const { plan, state, lastRun } = timer;
  const drift = timer.drift.filter(({ action }) => !mayDiffer || action !== 'change').map(inWords);
  const asleep =
    state !== undefined && state.active !== 'active' && drift.length === 0
      ? [`the timer is ${state.load === 'loaded' ? state.active : state.load}`]
      : [];
  const failed =
    lastRun === undefined || lastRun.result === 'success' || plan === own
      ? []
      : [
          `the last run${lastRun.at === null ? '' : ` of ${lastRun.at.toISOString()}`} ended with ${lastRun.result}`,
        ];
  const faults = [...drift, ...asleep, ...failed];
  return {
    what: `timer of ${plan}`,
    state: faults.length === 0 ? 'ok' : 'fail',
    expected: 'installed, enabled and active, its last run a success',
    found: faults.length === 0 ? stateOf(timer) : faults.join('; '),
  };
}

/** Units of plans that are gone, and those that all plans share. Pure. */
export function judgeOthers(others: readonly UnitDrift[]): readonly Check[] {
  if (others.length === 0) return [];
  return [
    {
      what: 'units of no plan or of all',
      state: 'fail',
      expected: 'as the plans say',
      found: others.map(inWords).join('; '),
    },
  ];
}

/** A timer may go on starting what can only fail. */
export function brokenCheck(plan: string): Check {
  return {
    what: `timer of ${plan}`,
    state: 'fail',
    expected: 'a plan without errors',
    found: 'its file has errors, which run-plan validate shows',
  };
}

function inWords({ path, reason }: UnitDrift): string {
  return `${path}: ${reason}`;
}

function stateOf({ state, lastRun }: DeclaredTimer): string {
  const now =
    state === undefined
      ? 'installed'
      : [state.active, state.enabled].filter((word) => word !== '').join(', ');
  if (lastRun === undefined) return `${now}; it has not run yet`;
  return `${now}; the last run${lastRun.at === null ? '' : ` of ${lastRun.at.toISOString()}`}: ${lastRun.result}`;
}

import type { CheckFact } from '../../language/facts.ts';
import type { CanaryWish } from './canary.ts';
import type { Verdict } from './judge.ts';
import type { OtherAct, PlantedCanary } from './ledger.ts';

/** What a canary that is due tells. Pure. */
export function checkOf(canary: PlantedCanary, verdict: Verdict): CheckFact {
  const { rule, act, key, plantedAtMs } = canary;
  const name = `rule ${rule}: what it is about ${act}`;
  const it = `${key} of ${new Date(plantedAtMs).toISOString()}`;
  if (verdict === 'own') return { name, state: 'passed' };
  if (verdict === 'nobody') return { name, state: 'failed', found: `${it} has not` };
  if (verdict === 'unexplained')
    return { name, state: 'failed', found: `${it} is gone or moved as no rule of that day would have it` };
  return {
    name: `rule ${verdict.rule}: what it is about ${verdict.act}`,
    state: 'passed',
    found: `it took ${it}, so whether by rule ${rule} the same ${act} cannot be told`,
  };
}

/** What a control tells: that nothing has become of it. Pure. */
export function checkOfControl({ rule, key, plantedAtMs }: PlantedCanary, verdict: Verdict): CheckFact {
  const since = new Date(plantedAtMs).toISOString();
  const name = `rule ${rule} acts on nothing else`;
  return verdict === 'nobody'
    ? { name, state: 'passed' }
    : { name, state: 'failed', found: `${key}, which no rule is about, is gone or moved since ${since}` };
}

/** For the record: a canary that other rules act on as well, and what they do after how many days. */
export interface SharedCanary {
  readonly rule: string;
  readonly act: string;
  readonly days: number;
  readonly with: readonly OtherAct[];
}

/** Empty for a canary that only its own rule is about. Pure. */
export function sharedOf({ rule, act, days, others = [] }: PlantedCanary): readonly SharedCanary[] {
  const by = others.filter((other) => other.rule !== rule);
  return by.length === 0 ? [] : [{ rule, act, days, with: by }];
}

/** A line for each other rule that acts no later than the wished one, which may then never be seen to act. Pure. */
export function mayHideLines(
  { rule, act, days }: CanaryWish,
  others: readonly OtherAct[],
): readonly string[] {
  return others
    .filter((other) => other.rule !== rule && other.days <= days)
    .map(
      (other) =>
        `rule ${rule}: that it ${act} after ${days} d may never be seen: by rule ${other.rule} the same ${other.act} after ${other.days} d`,
    );
}

import { defined } from '../../base/defined.ts';
import type { StoredRule } from '../../s3/bucket.ts';
import { actsOf, covers, scopeOf, takers, type CanaryAct, type CanaryWish } from './canary.ts';
import type { OtherAct, PlantedCanary } from './ledger.ts';

/** What became of a canary: it is as planted, gone, or in this storage class. */
export type Fate = 'as planted' | 'gone' | { readonly storageClass: string };

/** Who made a canary what it is; `unexplained` where no rule that was there when it was planted would do that. */
export type Verdict = 'nobody' | 'own' | 'unexplained' | OtherAct;

/** What else the rules of a bucket do to a canary, by days: acts of other rules, and later ones of its own. Pure. */
export function othersOf(wish: CanaryWish, key: string, rules: readonly StoredRule[]): readonly OtherAct[] {
  const object = { key, tags: wish.tags, bytes: wish.bytes };
  const acts = takers[wish.act] as readonly CanaryAct[];
  return rules
    .filter((rule) => covers(scopeOf(rule), object))
    .flatMap(actsOf)
    .filter((other) => acts.includes(other.act) && !isSame(other, wish))
    .filter(({ keepNewest = 0 }) => keepNewest <= (wish.keepNewest ?? 0))
    .map(({ rule, act, days, storageClass }) => ({
      rule,
      act,
      days,
      ...defined({ storageClass }),
    }))
    .toSorted((left, right) => left.days - right.days);
}

function isSame(left: CanaryWish, right: CanaryWish): boolean {
  return left.rule === right.rule && left.act === right.act && left.storageClass === right.storageClass;
}

/** Of several acts with one end, that of the fewest days was first; the canary's own before others of its day. Pure. */
export function judge({ days, storageClass, others = [] }: PlantedCanary, fate: Fate): Verdict {
  if (fate === 'as planted') return 'nobody';
  const isHis = isEnd(storageClass, fate);
  const other = others.find((one) => isEnd(one.storageClass, fate));
  if (isHis && (other === undefined || days <= other.days)) return 'own';
  return other ?? 'unexplained';
}

function isEnd(storageClass: string | undefined, fate: Exclude<Fate, 'as planted'>): boolean {
  return fate === 'gone' ? storageClass === undefined : storageClass === fate.storageClass;
}

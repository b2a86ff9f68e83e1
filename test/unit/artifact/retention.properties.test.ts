import { expect, test } from 'vitest';
import { newestFirst } from '../../../src/artifact/artifact.ts';
import { artifactName } from '../../../src/artifact/name.ts';
import { decideRetention, type RetentionCandidate } from '../../../src/artifact/retention.ts';
import { retentionSpans, slotOf, type RetentionSpan } from '../../../src/language/plan/retention-spans.ts';
import type { RetentionPolicy } from '../../../src/language/plan/plan.ts';
import { fc } from '../../fixtures/property.ts';

function spanNamed(name: string): RetentionSpan {
  const span = retentionSpans.find((each) => each.name === name);
  if (span === undefined) throw new Error(`there is no span ${name}`);
  return span;
}

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2024, 11, 1);

const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu');
const count = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
const policy: fc.Arbitrary<RetentionPolicy> = fc
  .record({
    keepWithinMs: fc.option(fc.integer({ min: 1, max: 40 * day }), { nil: undefined }),
    keepLast: count,
    keepDaily: count,
    keepWeekly: count,
    keepMonthly: count,
    keepYearly: count,
    keepAtLeast: fc.integer({ min: 1, max: 5 }),
  })
  .map(
    (drawn) =>
      Object.fromEntries(
        Object.entries(drawn).filter(([, value]) => value !== undefined),
      ) as unknown as RetentionPolicy,
  );

const candidate: fc.Arbitrary<RetentionCandidate> = fc
  .record({
    database: fc.constantFrom('shop', 'shop-archive'),
    environment: fc.constantFrom('prod', 'staging', undefined),
    hours: fc.integer({ min: 0, max: 24 * 150 }),
    state: fc.constantFrom(
      'verified' as const,
      'verified' as const,
      'verified' as const,
      'unverified' as const,
      'damaged' as const,
    ),
    drilled: fc.boolean(),
  })
  .map(({ database, environment, hours, state, drilled }) => ({
    name: `${environment ?? 'unknown'}-${artifactName(database, new Date(start + hours * hour))}`,
    database,
    environment,
    createdAt: new Date(start + hours * hour),
    state: environment === undefined ? ('damaged' as const) : state,
    ...(drilled && hours % 7 === 0 && { drilledAt: new Date(start + hours * hour + day) }),
  }));

const repository = fc.uniqueArray(candidate, { selector: ({ name }) => name, maxLength: 60 });
const nowArbitrary = fc.integer({ min: 0, max: 24 * 200 }).map((hours) => new Date(start + hours * hour));
const situation = fc.tuple(repository, policy, nowArbitrary, zone);

type Situation = readonly [RetentionCandidate[], RetentionPolicy, Date, string];

function survivors([candidates, rules, now, timeZone]: Situation): RetentionCandidate[] {
  const decisions = decideRetention(candidates, rules, now, timeZone);
  return candidates.filter((_, index) => decisions[index]?.keep === true);
}

function groupsOf(candidates: readonly RetentionCandidate[]): RetentionCandidate[][] {
  return [
    ...Map.groupBy(candidates, ({ environment, database }) => `${environment ?? '?'}/${database}`).values(),
  ];
}

const names = (candidates: readonly RetentionCandidate[]): string[] =>
  candidates.map(({ name }) => name).sort();

function holds(property: (situation: Situation) => void): void {
  fc.assert(fc.property(situation, property), { numRuns: 400 });
}

test('each candidate gets one decision with a reason', () => {
  holds(([candidates, rules, now, timeZone]) => {
    const decisions = decideRetention(candidates, rules, now, timeZone);
    expect(decisions.map(({ name }) => name)).toEqual(candidates.map(({ name }) => name));
    for (const { reason } of decisions) expect(reason).not.toBe('');
  });
});

test('never below the floor of verified artifacts, in any environment and database', () => {
  holds((drawn) => {
    const [candidates, rules, now] = drawn;
    const counts = ({ state, createdAt }: RetentionCandidate): boolean =>
      state === 'verified' && createdAt <= now;
    const stay = new Set(names(survivors(drawn)));
    for (const group of groupsOf(candidates)) {
      const intact = group.filter(counts);
      const left = intact.filter(({ name }) => stay.has(name));
      expect(left.length).toBeGreaterThanOrEqual(Math.min(rules.keepAtLeast, intact.length));
    }
  });
});

test('a second prune at once removes nothing', () => {
  holds((drawn) => {
    const [, rules, now, timeZone] = drawn;
    const stay = survivors(drawn);
    expect(names(survivors([stay, rules, now, timeZone]))).toEqual(names(stay));
  });
});

test('what is removed now would not be kept later', () => {
  fc.assert(
    fc.property(situation, fc.nat(90 * 24), (drawn, hours) => {
      const [candidates, rules, now, timeZone] = drawn;
      // An artifact that was dated in the future comes to count when its time comes: that is another situation.
      const past = candidates.filter(({ createdAt }) => createdAt <= now);
      const stayNow = new Set(names(survivors([past, rules, now, timeZone])));
      const later = new Date(now.getTime() + hours * hour);
      for (const name of names(survivors([past, rules, later, timeZone]))) expect(stayNow).toContain(name);
    }),
    { numRuns: 400 },
  );
});

test('what is removed now would not be kept after further verified nights', () => {
  holds((drawn) => {
    const [candidates, rules, now, timeZone] = drawn;
    const past = candidates.filter(({ createdAt }) => createdAt <= now);
    const removed = new Set(
      names(past).filter((name) => !names(survivors([past, rules, now, timeZone])).includes(name)),
    );
    const nextNights = groupsOf(past).flatMap((group) => {
      const [member] = group;
      if (member?.environment === undefined) return [];
      return [1, 2, 3].map((nights) => {
        const createdAt = new Date(now.getTime() + nights * day);
        return {
          ...member,
          name: `${member.environment ?? ''}-${artifactName(member.database, createdAt)}`,
          createdAt,
          state: 'verified' as const,
        };
      });
    });
    const later = survivors([[...past, ...nextNights], rules, new Date(now.getTime() + 4 * day), timeZone]);
    for (const { name } of later) expect(removed).not.toContain(name);
  });
});

test('nothing removed is the newest verified one of a required slot', () => {
  holds((drawn) => {
    const [candidates, rules, now, timeZone] = drawn;
    const stay = new Set(names(survivors(drawn)));
    const required = [['daily', rules.keepDaily], ['weekly', rules.keepWeekly], ['monthly', rules.keepMonthly], ['yearly', rules.keepYearly]] as const; // prettier-ignore
    for (const group of groupsOf(candidates)) {
      const verified = group
        .filter(({ state, createdAt }) => state === 'verified' && createdAt <= now)
        .sort(newestFirst);
      for (const [span, slots] of required) {
        const newest = [
          ...Map.groupBy(verified, ({ createdAt }) => slotOf(createdAt, spanNamed(span), timeZone)).values(),
        ].map(([first]) => first);
        for (const artifact of newest.slice(0, slots ?? 0)) expect(stay).toContain(artifact?.name);
      }
    }
  });
});

test('a damaged artifact, a future one and whatever is within keep-within always stay', () => {
  holds((drawn) => {
    const [candidates, rules, now] = drawn;
    const stay = new Set(names(survivors(drawn)));
    for (const { name, state, createdAt } of candidates) {
      const young =
        rules.keepWithinMs !== undefined && now.getTime() - createdAt.getTime() <= rules.keepWithinMs;
      if (state === 'damaged' || createdAt > now || young) expect(stay).toContain(name);
    }
  });
});

test('unverified artifacts change nothing about which verified ones stay, as long as the newest is verified', () => {
  holds(([candidates, rules, now, timeZone]) => {
    const intact = candidates
      .filter(({ state, createdAt }) => createdAt <= now && state !== 'damaged')
      .map(({ drilledAt: _, ...undrilled }) => undrilled);
    const open = groupsOf(intact).filter((group) => group.sort(newestFirst)[0]?.state === 'verified');
    const all = open.flat();
    const verified = all.filter(({ state }) => state === 'verified');
    const stay = survivors([all, rules, now, timeZone]).filter(({ state }) => state === 'verified');
    expect(names(stay)).toEqual(names(survivors([verified, rules, now, timeZone])));
  });
});

test('the order of the listing changes nothing', () => {
  fc.assert(
    fc.property(
      situation.chain((drawn) =>
        fc.tuple(fc.constant(drawn), fc.shuffledSubarray(drawn[0], { minLength: drawn[0].length })),
      ),
      ([drawn, shuffled]) => {
        const byName = (candidates: readonly RetentionCandidate[]): Map<string, string> =>
          new Map(
            decideRetention(candidates, drawn[1], drawn[2], drawn[3]).map(({ name, keep, reason }) => [
              name,
              `${String(keep)} ${reason}`,
            ]),
          );
        expect(new Map([...byName(shuffled)].sort())).toEqual(new Map([...byName(drawn[0])].sort()));
      },
    ),
    { numRuns: 300 },
  );
});

test('a database’s artifacts never change what is decided for another', () => {
  holds(([candidates, rules, now, timeZone]) => {
    const together = names(survivors([candidates, rules, now, timeZone]));
    const apart = ['shop', 'shop-archive'].flatMap((database) =>
      survivors([candidates.filter((artifact) => artifact.database === database), rules, now, timeZone]),
    );
    expect(together).toEqual(names(apart));
  });
});

test('twelve months of nightly runs, pruned each night, leave the expected set', () => {
  const rules: RetentionPolicy = { keepWithinMs: 14 * day, keepWeekly: 4, keepMonthly: 3, keepAtLeast: 3 };
  let stored: RetentionCandidate[] = [];
  for (let night = 0; night < 365; night += 1) {
    const createdAt = new Date(Date.UTC(2025, 0, 1, 2) + night * day);
    stored.push({
      name: artifactName('cleaning', createdAt),
      database: 'cleaning',
      environment: 'prod',
      createdAt,
      state: 'verified',
    });
    stored = survivors([stored, rules, new Date(createdAt.getTime() + hour), 'Europe/Berlin']);
    expect(stored.length).toBeLessThanOrEqual(14 + 4 + 3);
  }
  const within = Array.from({ length: 14 }, (_, index) => `202512${String(18 + index)}`);
  // Sundays that end the ISO weeks 50 and 51, of which the latter lies within 14 days, and the last nights of months.
  expect(stored.map(({ name }) => name.slice(-16, -8)).sort()).toEqual(
    ['20251031', '20251130', '20251214', ...within].sort(),
  );
});

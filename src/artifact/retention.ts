import type { RetentionPolicy } from '../language/plan/plan.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { newestFirst } from './artifact.ts';
import { isPartial, partialKind, type PartialDump } from './partial.ts';
import { countedSpans, slotOf } from '../language/plan/retention-spans.ts';

/** What retention wants to know of an artifact; an `Artifact` is one. */
export interface RetentionCandidate {
  readonly name: string;
  readonly database: string;
  /** Absent when the manifest cannot be read. */
  readonly environment: string | undefined;
  readonly createdAt: Date;
  readonly state: 'verified' | 'unverified' | 'damaged';
  /** Why it is not verified. */
  readonly reason?: string;
  /** When a restore drill last succeeded with it. */
  readonly drilledAt?: Date;
  /** What its manifest says; absent when it cannot be read. */
  readonly facts?: { readonly partial?: PartialDump };
}

/** Whether an artifact stays, and why, in words for an operator. */
export interface RetentionDecision {
  readonly name: string;
  readonly keep: boolean;
  readonly reason: string;
}

/** No run that is to meet an RPO of a day takes longer from the start of a dump to the end of its verification. */
const unverifiedGraceMs = 24 * 60 * 60 * 1000;

/**
 * Decides which artifacts a policy keeps: pure, so that `diff` shows exactly what a prune does. One decision for each
 * candidate, in the candidates' order. Slots are cut on the calendar of `timeZone` (IANA).
 *
 * Each environment and database is decided by itself:
 * - A group whose newest artifact is not verified keeps everything.
 * - Verified artifacts alone fill the counts (`keep-last`, the slots, the floor). An unverified one may be kept
 *   besides, in a slot that no verified one fills, and never pushes a verified one out.
 * - Damaged artifacts are neither counted nor removed: what is left of them is for a person to judge.
 * - Artifacts dated after `now` (a clock was wrong) are kept and count for nothing.
 * - The newest drilled artifact stays.
 * - Artifacts of a part of the database are decided by themselves, those that leave out the same together: they neither
 *   fill slots of whole ones nor hold their place in the floor.
 */
export function decideRetention(
  candidates: readonly RetentionCandidate[],
  policy: RetentionPolicy,
  now: Date,
  timeZone: string,
): RetentionDecision[] {
  const reasons = new Map<string, string>();
  for (const group of groups(candidates)) {
    for (const [name, reason] of keepReasons(group, policy, now, timeZone)) reasons.set(name, reason);
  }
  return candidates.map((candidate) => {
    const reason = reasons.get(candidate.name);
    return reason === undefined
      ? { name: candidate.name, keep: false, reason: removalReason(candidate, policy) }
      : { name: candidate.name, keep: true, reason };
  });
}

/**
 * Candidates of one environment and database, and of one part of it, newest first. `strangers` are artifacts of the same database whose
 * manifest cannot be read: they may belong here, so they can hold a prune back.
 */
interface Group {
  readonly members: readonly RetentionCandidate[];
  readonly strangers: readonly RetentionCandidate[];
}

function groups(candidates: readonly RetentionCandidate[]): Group[] {
  const byOwner = Map.groupBy(candidates, (candidate) =>
    JSON.stringify([candidate.environment ?? null, candidate.database, partialKind(candidate)]),
  );
  return [...byOwner.values()].map((members) => ({
    members: members.toSorted(newestFirst),
    strangers: candidates
      .filter(({ environment, database }) => environment === undefined && database === members[0]?.database)
      .sort(newestFirst),
  }));
}

function keepReasons(
  group: Group,
  policy: RetentionPolicy,
  now: Date,
  timeZone: string,
): Map<string, string> {
  const isPast = ({ createdAt }: RetentionCandidate): boolean => createdAt.getTime() <= now.getTime();
  const past = group.members.filter(isPast);
  const held = new Map<string, string>();
  for (const member of group.members) {
    const reason = uncountedReason(member, isPast(member));
    if (reason !== undefined) held.set(member.name, reason);
  }
  const newest = [...past, ...group.strangers.filter(isPast)].sort(newestFirst)[0];
  if (newest !== undefined && newest.state !== 'verified') {
    return new Map(group.members.map(({ name }) => [name, held.get(name) ?? heldBackReason(newest)]));
  }
  const intact = past.filter(({ state }) => state !== 'damaged');
  return new Map([...held, ...intactReasons(intact, policy, now, timeZone)]);
}

/** Why everything of a database stays while its newest artifact is not verified. */
export function heldBackReason(newest: Pick<RetentionCandidate, 'name'>): string {
  return `nothing is removed while the newest artifact, ${newest.name}, is not verified`;
}

function uncountedReason(
  { createdAt, state, reason }: RetentionCandidate,
  isPast: boolean,
): string | undefined {
  if (!isPast) return `dated ${createdAt.toISOString()}, after now: a clock was wrong; not counted`;
  if (state !== 'damaged') return undefined;
  return `damaged: ${reason ?? 'not intact'}; not counted, to be judged by a person`;
}

/** Reasons of the intact artifacts that stay; `intact` is newest first. */
function intactReasons(
  intact: readonly RetentionCandidate[],
  policy: RetentionPolicy,
  now: Date,
  timeZone: string,
): Map<string, string> {
  const reasons = new Map<string, string[]>();
  const keep = ({ name }: RetentionCandidate, reason: string): void => {
    const known = reasons.get(name);
    if (known === undefined) reasons.set(name, [reason]);
    else known.push(reason);
  };

  for (const artifact of intact) {
    if (
      artifact.state === 'unverified' &&
      now.getTime() - artifact.createdAt.getTime() <= unverifiedGraceMs
    ) {
      keep(
        artifact,
        `not verified, and younger than ${renderDuration(unverifiedGraceMs)}: a run may be reading it back`,
      );
    }
  }
  const withinMs = policy.keepWithinMs;
  if (withinMs !== undefined) {
    for (const artifact of intact) {
      if (now.getTime() - artifact.createdAt.getTime() <= withinMs)
        keep(artifact, `within ${renderDuration(withinMs)}`);
    }
  }
  for (const rule of slotRules(policy, timeZone)) {
    for (const { artifact, reason } of fillSlots(intact, rule)) keep(artifact, reason);
  }
  const drilled = intact.find(({ drilledAt }) => drilledAt !== undefined);
  if (drilled?.drilledAt !== undefined)
    keep(drilled, `newest drilled, on ${drilled.drilledAt.toISOString().slice(0, 10)}`);
  for (const artifact of belowFloor(intact, policy.keepAtLeast, (name) => reasons.has(name))) {
    keep(artifact, `among the ${String(policy.keepAtLeast)} to keep at least`);
  }
  const among = intact.some(isPartial) ? '; of partial ones, counted by themselves' : '';
  return new Map([...reasons].map(([name, texts]) => [name, `${texts.join('; ')}${among}`]));
}

interface SlotRule {
  readonly label: string;
  readonly count: number;
  readonly slotOf: (artifact: RetentionCandidate) => string;
  /** What the slot's artifact is, for the reason: `newest of 2025-W01`. */
  readonly describe: (slot: string) => string;
}

function slotRules(policy: RetentionPolicy, timeZone: string): SlotRule[] {
  return [
    { label: 'last', count: policy.keepLast ?? 0, slotOf: ({ name }) => name, describe: () => '' },
    ...countedSpans(policy).map((span) => ({
      label: span.name,
      count: span.count,
      slotOf: ({ createdAt }: RetentionCandidate) => slotOf(createdAt, span, timeZone),
      describe: (slot: string) => `: newest of ${slot}`,
    })),
  ];
}

/**
 * The artifacts that a rule keeps. Verified: the newest of each of the `count` newest slots that hold a verified one.
 * Unverified: the newest of a slot without a verified one, among the `count` newest slots that hold anything.
 */
function fillSlots(
  intact: readonly RetentionCandidate[],
  rule: SlotRule,
): { readonly artifact: RetentionCandidate; readonly reason: string }[] {
  if (rule.count === 0) return [];
  const slots = [...Map.groupBy(intact, rule.slotOf)];
  const filled = slots.flatMap(([slot, members]) => {
    const artifact = members.find(({ state }) => state === 'verified');
    return artifact === undefined ? [] : [{ slot, artifact }];
  });
  const kept = filled.slice(0, rule.count).map(({ slot, artifact }, index) => ({
    artifact,
    reason: `${rule.label} ${String(index + 1)} of ${String(rule.count)}${rule.describe(slot)}`,
  }));
  const besides = slots.slice(0, rule.count).flatMap(([slot, members]) => {
    const [artifact] = members;
    if (artifact === undefined || members.some(({ state }) => state === 'verified')) return [];
    return [
      {
        artifact,
        reason: `${rule.label}, besides the ${String(rule.count)}${rule.describe(slot)}; not verified, not counted`,
      },
    ];
  });
  return [...kept, ...besides];
}

/** The newest artifacts that must stay besides the kept ones so that the floor holds: verified ones first. */
function belowFloor(
  intact: readonly RetentionCandidate[],
  floor: number,
  isKept: (name: string) => boolean,
): RetentionCandidate[] {
  const verified = intact.filter(({ state }) => state === 'verified');
  const missing = Math.max(0, floor - verified.filter(({ name }) => isKept(name)).length);
  const added = verified.filter(({ name }) => !isKept(name)).slice(0, missing);
  const unverified = intact.filter(({ state, name }) => state === 'unverified' && !isKept(name));
  return [...added, ...unverified.slice(0, missing - added.length)];
}

function removalReason(candidate: RetentionCandidate, policy: RetentionPolicy): string {
  const hasSlots = [policy.keepLast ?? 0, ...countedSpans(policy).map(({ count }) => count)].some(
    (count) => count > 0,
  );
  const words = [
    ...(policy.keepWithinMs === undefined ? [] : [`older than ${renderDuration(policy.keepWithinMs)}`]),
    ...(hasSlots ? ['in no slot'] : []),
  ];
  const beyond =
    words.length === 0 ? `beyond the ${String(policy.keepAtLeast)} to keep at least` : words.join(' and ');
  const among = isPartial(candidate) ? '; of partial ones, counted by themselves' : '';
  return `${beyond}${candidate.state === 'unverified' ? '; not verified' : ''}${among}`;
}

import type { Repeat } from '../../language/generated/alert-state.types.ts';

/** How soon the same is told again: failures at growing intervals, what can wait every week, news always. */
export type Pace = 'growing' | 'weekly' | 'always';

const hourMs = 3_600_000;
/** After the first, second… message. The last is shorter than a day, so that a nightly failure is heard every morning. */
const growingMs = [1, 2, 4, 8, 16, 20].map((hours) => hours * hourMs);
/** Shorter than a week, for the same reason. */
const weeklyMs = 164 * hourMs;

/** Things that are remembered for a channel, and for how long after they were last seen. */
const mostRepeats = 50;
const forgottenMs = 60 * 24 * hourMs;

/** When the same may be told again; undefined: now. Pure. */
export function quietUntil(repeat: Repeat | undefined, pace: Pace, now: Date): Date | undefined {
  if (repeat === undefined || pace === 'always') return undefined;
  const step = growingMs[Math.min(repeat.told, growingMs.length) - 1] ?? 0;
  const until = Date.parse(repeat.toldAt) + (pace === 'weekly' ? weeklyMs : step);
  // A clock that was set back must not make anybody deaf.
  const isOver = now.getTime() >= until || now.getTime() < Date.parse(repeat.toldAt);
  return isOver || Number.isNaN(until) ? undefined : new Date(until);
}

/** What is remembered after it was told, or seen again. Pure. */
export function remember(repeat: Repeat | undefined, isTold: boolean, now: Date): Repeat | undefined {
  const seenAt = now.toISOString();
  if (isTold) return { told: (repeat?.told ?? 0) + 1, toldAt: seenAt, seenAt };
  return repeat && { ...repeat, seenAt };
}

/** Without what is long over, and never more than fifty. Pure. */
export function pruneRepeats(
  repeats: Readonly<Record<string, Repeat>>,
  now: Date,
): Readonly<Record<string, Repeat>> {
  const living = Object.entries(repeats)
    .filter(([, { seenAt }]) => now.getTime() - Date.parse(seenAt) < forgottenMs)
    .sort(([, left], [, right]) => right.seenAt.localeCompare(left.seenAt));
  return Object.fromEntries(living.slice(0, mostRepeats));
}

/** Lines of an error that make it another one: a script's failure says more in the second than in the first. */
const comparedLines = 3;

/** The same for the same error, whatever numbers, times and ids it holds this time. Pure. */
export function sameness(...texts: readonly string[]): string {
  return texts
    .map((text) =>
      text
        .split('\n', comparedLines)
        .join(' ')
        .replaceAll(/\b(?:[0-9a-f]{8,}|[\w.-]*\d[\w.-]*)\b/gi, '#')
        .replaceAll(/\s+/g, ' ')
        .trim()
        .slice(0, 300),
    )
    .join(' | ');
}

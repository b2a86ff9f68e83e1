import type { Artifact } from './artifact.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Age classes by their greatest age, counted from the newest artifact; older ones are the last class. */
const classLimitsMs = [2 * dayMs, 8 * dayMs, 32 * dayMs, 93 * dayMs];

/**
 * The artifact that a drill takes next, so that old backups are proven too: of the age class whose artifacts were
 * drilled longest ago or never, the newest one. Of classes alike, the one with the oldest artifacts comes first.
 * `artifacts` are newest first.
 */
export function nextInRotation(artifacts: readonly Artifact[]): Artifact | undefined {
  const [newest] = artifacts;
  if (newest === undefined) return undefined;
  const classes = Map.groupBy(artifacts, ({ createdAt }) =>
    classOf(newest.createdAt.getTime() - createdAt.getTime()),
  );
  const ranked = [...classes].map(([ageClass, members]) => ({
    ageClass,
    members,
    drilledMs: lastDrillMs(members),
  }));
  const [next] = ranked.sort(
    (left, right) => left.drilledMs - right.drilledMs || right.ageClass - left.ageClass,
  );
  return next?.members[0];
}

function classOf(ageMs: number): number {
  const found = classLimitsMs.findIndex((limitMs) => ageMs <= limitMs);
  return found === -1 ? classLimitsMs.length : found;
}

/** When one of them was drilled last, milliseconds since 1970; 0 for never. */
function lastDrillMs(artifacts: readonly Artifact[]): number {
  return Math.max(...artifacts.map(({ drilledAt }) => drilledAt?.getTime() ?? 0));
}

import { renderDuration } from '../base/quantity/duration.ts';
import { newestFirst, type Artifact } from './artifact.ts';
import { isPartial, partialWords } from './partial.ts';

/** How old the data is that could be restored now, for one environment and database. */
export interface Freshness {
  readonly environment: string;
  readonly database: string;
  /**
   * `fresh`: the newest verified artifact is within the RPO, or there is no RPO. `late`: it is older. `missing`: no
   * artifact is verified.
   */
  readonly state: 'fresh' | 'late' | 'missing';
  /** The newest verified artifact. */
  readonly newest?: FreshnessArtifact;
  /** Stored bytes of the verified artifact before it: a sudden change of size is worth a look. */
  readonly previousBytes?: number;
  readonly verified: number;
  /** Artifacts that are newer than the newest verified one, newest first: names and why they do not count. */
  readonly newer: readonly { readonly name: string; readonly reason: string }[];
  /** The verdict in words. */
  readonly message: string;
}

export interface FreshnessArtifact {
  readonly name: string;
  readonly createdAt: Date;
  /** The instant that its data represents, on the store's clock. */
  readonly recoveryPoint: Date;
  readonly ageMs: number;
  readonly bytes: number;
}

export interface FreshnessOptions {
  /** The store's clock: recovery points are held against the same clock that noted them. */
  readonly now: Date;
  readonly rpoMs?: number;
  /** Environments and databases that must have an artifact; others that have one are judged as well. */
  readonly expected?: readonly { readonly environment: string; readonly database: string }[];
}

/**
 * Judges, from nothing but what stands in the repository, whether each database could be restored to a point young
 * enough: pure. Only verified artifacts of the whole database count, and none that is dated in the future.
 */
export function judgeFreshness(artifacts: readonly Artifact[], options: FreshnessOptions): Freshness[] {
  const owners = new Map<string, { environment: string; database: string }>();
  const known = artifacts.flatMap(({ environment, database }) =>
    environment === undefined ? [] : [{ environment, database }],
  );
  for (const { environment, database } of [...(options.expected ?? []), ...known]) {
    owners.set(JSON.stringify([environment, database]), { environment, database });
  }
  return [...owners.values()].map((owner) => judgeOne(owner, artifacts, options));
}

function judgeOne(
  owner: { readonly environment: string; readonly database: string },
  artifacts: readonly Artifact[],
  options: FreshnessOptions,
): Freshness {
  const own = artifacts
    .filter(
      ({ environment, database }) =>
        database === owner.database && (environment ?? owner.environment) === owner.environment,
    )
    .sort(newestFirst);
  const verified = own.flatMap((artifact) => {
    const counts = artifact.state === 'verified' && !isPartial(artifact);
    const point = counts ? recoveryPointOf(artifact) : undefined;
    if (point === undefined || point.getTime() > options.now.getTime() + clockToleranceMs) return [];
    return [{ artifact, point }];
  });
  const [newest, previous] = verified;
  const newer = newerReasons(own.slice(0, newest === undefined ? undefined : own.indexOf(newest.artifact)));
  const counted = { ...owner, verified: verified.length, newer };
  if (newest === undefined) {
    return { ...counted, state: 'missing', message: nothingVerified(owner.database, own) };
  }
  const ageMs = Math.max(0, options.now.getTime() - newest.point.getTime());
  const isLate = options.rpoMs !== undefined && ageMs > options.rpoMs;
  const limit =
    options.rpoMs === undefined
      ? ''
      : `, ${isLate ? 'beyond' : 'within'} the RPO of ${renderDuration(options.rpoMs)}`;
  return {
    ...counted,
    state: isLate ? 'late' : 'fresh',
    newest: {
      name: newest.artifact.name,
      createdAt: newest.artifact.createdAt,
      recoveryPoint: newest.point,
      ageMs,
      bytes: newest.artifact.bytes,
    },
    ...(previous !== undefined && { previousBytes: previous.artifact.bytes }),
    message: `${newest.artifact.name} is ${renderDuration(ageMs)} old${limit}`,
  };
}

/** Why each of them does not count; of partial ones the newest is named, because there may be one an hour. */
function newerReasons(newer: readonly Artifact[]): Freshness['newer'] {
  const partial = newer.filter(isPartial);
  const more = partial.length > 1 ? `; and ${String(partial.length - 1)} more partial ones` : '';
  return newer
    .filter((artifact) => !isPartial(artifact) || artifact === partial[0])
    .map((artifact) => ({
      name: artifact.name,
      reason:
        artifact === partial[0]
          ? `${partialWords(artifact) ?? ''}${more}`
          : 'reason' in artifact
            ? artifact.reason
            : 'dated in the future',
    }));
}

function nothingVerified(database: string, own: readonly Artifact[]): string {
  const partial = own.filter(isPartial).length;
  const besides = partial === 0 ? '' : `; ${String(partial)} hold a part of it only and do not count`;
  return `no verified artifact of ${partial === 0 ? '' : 'the whole of '}${database}${besides}`;
}

/** A store's Date header has whole seconds, and an artifact may be looked at in the second of its snapshot. */
const clockToleranceMs = 2000;

function recoveryPointOf({ facts, createdAt }: Artifact): Date | undefined {
  const point = new Date(facts?.recoveryPoint.storeTime ?? createdAt);
  return Number.isNaN(point.getTime()) ? undefined : point;
}

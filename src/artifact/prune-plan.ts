import type { RetentionPolicy } from '../language/plan/plan.ts';
import type { Repository, UnfinishedUpload } from '../store/repository.ts';
import type { Artifact } from './artifact.ts';
import { debrisAgeMs, decideDebris, isDebrisUpload, type DebrisDecision } from './debris.ts';
import { decideRetention } from './retention.ts';
import { readContents } from './store.ts';

export interface PruneRequest {
  readonly environment: string;
  readonly policy: RetentionPolicy;
  /** IANA zone in which slots are cut. */
  readonly timeZone: string;
  /** This host's wall clock. */
  readonly now: Date;
  /** Age from which files without a manifest are debris, milliseconds; 24 hours unless said. */
  readonly debrisAgeMs?: number;
  readonly signal?: AbortSignal;
}

/** An artifact and what becomes of it. */
export interface ArtifactDecision {
  readonly artifact: Artifact;
  readonly keep: boolean;
  readonly reason: string;
}

/** All that a prune would do, with every reason: `diff` shows it, `artifact-prune` does it. */
export interface PrunePlan {
  /** Newest first. */
  readonly artifacts: readonly ArtifactDecision[];
  readonly debris: readonly DebrisDecision[];
  /** Uploads that nobody finished, to be aborted. */
  readonly uploads: readonly UnfinishedUpload[];
  /** Difference between this host's clock and the store's, milliseconds; positive when the host is ahead. */
  readonly clockDifferenceMs: number;
}

/** A store's Date has whole seconds: an artifact of this very second must not look as if it came after now. */
const withinSecondMs = 999;

/**
 * Looks at a repository and decides what a prune of one environment would keep and remove. Changes nothing.
 * @throws Failure `repository-*`
 */
export async function planPrune(repository: Repository, request: PruneRequest): Promise<PrunePlan> {
  const { environment, policy, timeZone, signal } = request;
  const storeNow = await repository.clock(signal);
  const contents = await readContents(repository, signal === undefined ? {} : { signal });
  const artifacts = contents.artifacts.filter(
    (artifact) => (artifact.environment ?? environment) === environment,
  );
  // The clock that is behind decides: one that runs ahead would make everything old at once.
  const now = new Date(Math.min(request.now.getTime(), storeNow.getTime() + withinSecondMs));
  const decisions = decideRetention(artifacts, policy, now, timeZone);
  const debris = { now: storeNow, ageMs: request.debrisAgeMs ?? debrisAgeMs };
  return {
    artifacts: artifacts.map((artifact, index) => {
      const { keep, reason } = decisions[index] ?? { keep: true, reason: 'not decided' };
      return { artifact, keep, reason };
    }),
    debris: decideDebris(contents.leftovers, { ...debris, artifacts: contents.artifacts }),
    uploads: await debrisUploads(repository, debris, signal),
    clockDifferenceMs: request.now.getTime() - storeNow.getTime(),
  };
}

async function debrisUploads(
  repository: Repository,
  debris: { readonly now: Date; readonly ageMs: number },
  signal: AbortSignal | undefined,
): Promise<UnfinishedUpload[]> {
  const uploads: UnfinishedUpload[] = [];
  for await (const upload of repository.unfinished(signal)) {
    if (isDebrisUpload(upload, debris)) uploads.push(upload);
  }
  return uploads;
}

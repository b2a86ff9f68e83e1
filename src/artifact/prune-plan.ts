import type { RetentionPolicy } from '../language/plan/plan.ts';
import type { Repository, UnfinishedUpload } from '../store/repository.ts';
import type { Artifact, Leftover } from './artifact.ts';
import { decideRetention } from './retention.ts';
import { readContents } from './store.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { parseArtifactKey } from './name.ts';

export interface PruneRequest {
  readonly environment: string;
  readonly policy: RetentionPolicy;
  /** IANA zone in which slots are cut. */
  readonly timeZone: string;
  /** This host's wall clock. */
  readonly now: Date;
  /** Age from which files without a manifest are debris, milliseconds: younger ones may belong to a run that still writes or reads. */
  readonly debrisAgeMs: number;
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
  const debris = { now: storeNow, ageMs: request.debrisAgeMs };
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

/** Whether files without a manifest go, and why, in words for an operator. */
export interface DebrisDecision {
  readonly leftover: Leftover;
  readonly remove: boolean;
  readonly reason: string;
}

export interface DebrisOptions {
  /** The store's clock: modification times are its own. */
  readonly now: Date;
  readonly ageMs: number;
  /** The artifacts that stand in the repository, to tell our debris from another tool's dumps. */
  readonly artifacts: readonly { readonly database: string; readonly createdAt: Date }[];
}

/**
 * Decides which leftovers are debris: pure. They go once the time in their name and the last change of every file are
 * older than `ageMs`, and once they are sure to be ours: other scripts write `pg_<database>_<time>.dump` too, and
 * what they wrote before the first run here may be all the backup there is. Ours are files that only run-plan writes,
 * and whatever is younger than the oldest artifact of its database.
 */
export function decideDebris(leftovers: readonly Leftover[], options: DebrisOptions): DebrisDecision[] {
  return leftovers.map((leftover) => {
    const changedAt = leftover.objects.map(({ modifiedAt }) => modifiedAt.getTime());
    const youngest = Math.max(leftover.at.getTime(), ...changedAt);
    if (options.now.getTime() - youngest <= options.ageMs) {
      return keep(
        leftover,
        `no manifest yet, and younger than ${renderDuration(options.ageMs)}: a run may be writing it`,
      );
    }
    if (!isOurs(leftover, options.artifacts)) {
      return keep(
        leftover,
        `no manifest, and older than every artifact of ${leftover.database}: it may be another tool's backup`,
      );
    }
    return { leftover, remove: true, reason: `no manifest, and older than ${renderDuration(options.ageMs)}` };
  });
}

/** Unfinished uploads that are old and whose key is one that a run writes; others in the same bucket are not ours. */
export function isDebrisUpload(
  upload: Pick<UnfinishedUpload, 'key' | 'startedAt'>,
  { now, ageMs }: Pick<DebrisOptions, 'now' | 'ageMs'>,
): boolean {
  if (now.getTime() - upload.startedAt.getTime() <= ageMs) return false;
  return (
    parseArtifactKey(upload.key) !== undefined ||
    /^(?:runs\/[^/]+\/[^/]+(?:\.json|\/[^/]+\/[^/]+\.ndjson\.gz)|evidence\/[^/]+\/[^/]+)$/.test(upload.key)
  );
}

function isOurs(leftover: Leftover, artifacts: DebrisOptions['artifacts']): boolean {
  return (
    leftover.objects.some(({ key }) => isSignature(parseArtifactKey(key)?.suffix ?? '')) ||
    artifacts.some(({ database, createdAt }) => database === leftover.database && createdAt < leftover.at)
  );
}

/** Suffixes that no other tool would come to use. */
function isSignature(suffix: string): boolean {
  return ['.RESTORE.md', '.verified.json', '.drilled.json'].includes(suffix) || suffix.startsWith('.dump.d/');
}

function keep(leftover: Leftover, reason: string): DebrisDecision {
  return { leftover, remove: false, reason };
}

import { renderDuration } from '../base/quantity/duration.ts';
import type { UnfinishedUpload } from '../store/repository.ts';
import type { Leftover } from './artifact.ts';
import { parseArtifactKey } from './name.ts';

/** Debris younger than this may belong to a run that is still writing or reading; a plan can say another age. */
export const debrisAgeMs = 24 * 60 * 60 * 1000;

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

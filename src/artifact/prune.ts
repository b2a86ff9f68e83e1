import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import { manifestKey, parseArtifactKey } from './name.ts';
import type { PrunePlan } from './prune-plan.ts';

/** What a prune did. */
export interface PruneResult {
  /** Names of the removed artifacts. */
  readonly artifacts: readonly string[];
  /** Names of the debris that was removed, and keys of the uploads that were aborted. */
  readonly debris: readonly string[];
  readonly uploads: readonly string[];
  readonly freedBytes: number;
  /** What the store refused to remove, in its own words: an object lock, a role without the right to delete. */
  readonly refused: readonly Failure[];
}

export interface PruneOptions {
  readonly signal: AbortSignal;
  /** Told before each removal: the name, and why. */
  readonly onRemove?: (name: string, reason: string) => void;
}

/**
 * Carries out a prune plan, oldest first. Of each artifact the manifest goes first, so that what is half removed is no
 * artifact, and the files that show it to be ours go last, so that the next prune finishes what this one could not.
 * A refusal is collected and the others are removed all the same.
 * @throws Failure `repository-*` other than `repository-denied`
 */
export async function prune(
  repository: Repository,
  plan: PrunePlan,
  options: PruneOptions,
): Promise<PruneResult> {
  const { signal } = options;
  const refused: Failure[] = [];
  let freedBytes = 0;
  const attempt = async (
    name: string,
    reason: string,
    bytes: number,
    action: () => Promise<void>,
  ): Promise<string[]> => {
    signal.throwIfAborted();
    options.onRemove?.(name, reason);
    try {
      await action();
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'repository-denied') throw error;
      refused.push(error);
      return [];
    }
    freedBytes += bytes;
    return [name];
  };

  const artifacts: string[] = [];
  for (const { artifact, keep, reason } of plan.artifacts.toReversed()) {
    if (keep) continue;
    const keys = artifact.objects.map(({ key }) => key);
    const remove = (): Promise<void> => removeInOrder(repository, artifact.name, keys, signal);
    artifacts.push(...(await attempt(artifact.name, reason, artifact.bytes, remove)));
  }
  const debris: string[] = [];
  for (const { leftover, remove, reason } of plan.debris) {
    if (!remove) continue;
    const keys = leftover.objects.map(({ key }) => key);
    const action = (): Promise<void> => removeInOrder(repository, leftover.name, keys, signal);
    debris.push(...(await attempt(leftover.name, reason, leftover.bytes, action)));
  }
  const uploads: string[] = [];
  for (const upload of plan.uploads) {
    const reason = `an upload that nobody finished, begun ${upload.startedAt.toISOString()}`;
    uploads.push(...(await attempt(upload.key, reason, 0, () => upload.abort())));
  }
  return { artifacts, debris, uploads, freedBytes, refused };
}

async function removeInOrder(
  repository: Repository,
  name: string,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const isData = (key: string): boolean => parseArtifactKey(key)?.suffix.startsWith('.dump') ?? false;
  const steps = [
    keys.filter((key) => key === manifestKey(name)),
    keys.filter((key) => key !== manifestKey(name) && isData(key)),
    keys.filter((key) => key !== manifestKey(name) && !isData(key)),
  ];
  for (const step of steps) {
    if (step.length > 0) await repository.remove(step, signal);
  }
}

import { soundValue } from '../base/document.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import type { Artifact } from './artifact.ts';
import { verificationKey } from './name.ts';
import type { StoredManifest } from './store.ts';
import { verifications, type Verification } from './verification-mark.ts';

export interface MarkOptions {
  readonly verifiedAt: Date;
  readonly runId: string;
  readonly contents: Verification['contents'];
  readonly signal: AbortSignal;
}

/**
 * Marks an artifact whose every byte was read back. A mark that counts already stays as it is, because a store may
 * refuse to remove anything (an object lock, a role without that right) and the run's record tells of this reading;
 * one that does not count is replaced.
 * @throws Failure `repository-*`, `key-exists` when another run marked it in the same moment as another artifact
 */
export async function markVerified(
  repository: Repository,
  artifact: Artifact,
  { manifest, sha256 }: StoredManifest,
  options: MarkOptions,
): Promise<void> {
  if (artifact.state === 'verified' && artifact.manifestSha256 === sha256) return;
  const key = verificationKey(manifest.name);
  if (artifact.objects.some((object) => object.key === key)) await repository.remove([key], options.signal);
  // A host whose clock is behind must not write a mark that is older than what it speaks of.
  const verifiedAt = new Date(Math.max(options.verifiedAt.getTime(), Date.parse(manifest.createdAt)));
  const mark: Verification = {
    format: 1,
    name: manifest.name,
    verifiedAt: verifiedAt.toISOString(),
    runId: options.runId,
    depth: 'full',
    manifestSha256: sha256,
    contents: options.contents,
  };
  try {
    await verifications.put(repository, key, mark, options.signal);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'key-exists') throw error;
    // A restore and a verification may read the same artifact at once: whoever was first has said it.
    const other = await verifications.get(repository, key, options.signal);
    if (soundValue(other)?.manifestSha256 !== sha256) throw error;
  }
}

/** Takes the mark from an artifact that turned out damaged. Gives the failure when the store refuses it. */
export async function unmarkVerified(
  repository: Repository,
  name: string,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    await repository.remove([verificationKey(name)], signal);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

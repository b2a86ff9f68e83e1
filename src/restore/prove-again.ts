import type { ManifestFile } from '../artifact/manifest.ts';
import { readBackWhole } from '../artifact/read-back.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import type { Load } from './load.ts';

/** A file of an artifact, where it is stored. */
export interface StoredFile {
  readonly repository: Repository;
  readonly file: ManifestFile;
}

/**
 * Loads a file; when that fails before all its bytes were seen, they are read to their end, because damaged ones may
 * be why. @throws Failure `artifact-damaged`, otherwise what the loading threw
 */
export async function loadProving(
  load: Load,
  stored: StoredFile,
  signal: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!signal.aborted && isPerhapsDamage(error)) await proveAgain(stored, load);
    throw error;
  }
}

/** Reads a file from its first to its last byte, and restores nothing. @throws Failure `artifact-damaged` */
export async function proveAgain({ repository, file }: StoredFile, load: Load): Promise<void> {
  load.onPhase('reading the artifact back: are its bytes the ones that were stored?');
  const { commands, signal, onBytes } = load;
  await readBackWhole(repository, file, { commands, signal, onBytes, stages: [] });
}

/** Whether damaged bytes may have led to a failure: a restore ends at the first error, before it has seen all bytes. */
function isPerhapsDamage(error: unknown): boolean {
  return (
    error instanceof Failure && ['restore-failed', 'dump-unusable', 'command-failed'].includes(error.code)
  );
}

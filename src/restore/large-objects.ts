import { join } from 'node:path';
import type { Stage } from '../process/commands.ts';
import { asDamage } from '../artifact/read-back.ts';
import { runPass, type Load } from './load.ts';
import { loadProving, type StoredFile } from './prove-again.ts';
import { ownFailure, verifiedSource } from './verified-source.ts';

/** The large objects of a directory dump: a dump of their own, in the custom format. */
export interface LargeObjects extends StoredFile {
  /** Decrypt and decompress it. */
  readonly unpack: readonly Stage[];
}

/** Loads large objects straight from the repository, by one process. @throws Failure of the restore, `artifact-damaged` */
export async function loadLargeObjects(
  load: Load,
  objects: LargeObjects,
  signal: AbortSignal,
): Promise<void> {
  const end = load.timeline.begin('large objects');
  const input = verifiedSource(objects.repository, objects.file, { signal, onBytes: load.onBytes });
  try {
    await loadProving(load, objects, signal, () =>
      runPass(load, { format: 'custom', jobs: 1 }, { input, before: objects.unpack, signal }),
    );
  } finally {
    end(objects.file.bytes);
  }
}

/** Becomes the last stage's output. */
const intoFile = 'exec cat >"$1"';

/** Brings large objects into a file of this host, decompressed. @throws Failure `artifact-damaged`, `repository-*` */
export async function fetchLargeObjects(
  load: Load,
  objects: LargeObjects,
  signal: AbortSignal,
): Promise<string> {
  const path = join(load.folder, 'large-objects.dump');
  const input = verifiedSource(objects.repository, objects.file, { signal, onBytes: load.onBytes });
  const pipe = load.commands.pipe(
    [...objects.unpack, { program: 'sh', arguments: ['-c', intoFile, 'sh', path] }],
    { input },
  );
  pipe.output.on('error', () => undefined).resume();
  try {
    await load.timeline.during('fetch large objects', () => pipe.done);
  } catch (error) {
    const broke = ownFailure(input);
    if (broke !== undefined) throw broke;
    signal.throwIfAborted();
    throw asDamage(objects.file, error);
  }
  return path;
}

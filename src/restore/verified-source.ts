import { Readable } from 'node:stream';
import { createMeter } from '../artifact/checksums.ts';
import type { ManifestFile } from '../artifact/manifest.ts';
import { damaged } from '../artifact/read-back.ts';
import { Failure } from '../base/failure.ts';
import { chunksOf } from '../base/body.ts';
import type { Repository } from '../store/repository.ts';

export interface VerifiedSourceOptions {
  readonly signal: AbortSignal;
  /** Told each number of bytes that came out of the repository. */
  readonly onBytes?: (bytes: number) => void;
}

/**
 * A stored file as a stream that ends well only when size and sha256 are the manifest's. The last piece is held back
 * until that is known, so that no reader takes damaged bytes for the whole file: it sees the stream break off.
 * Nothing is asked of the repository before the first read.
 * The stream fails with a Failure `artifact-damaged` or `repository-*`.
 */
export function verifiedSource(
  repository: Repository,
  file: ManifestFile,
  options: VerifiedSourceOptions,
): Readable {
  return Readable.from(verified(repository, file, options), { objectMode: false });
}

/** What broke a source off by itself; undefined when its reader has left (EPIPE), which is for the reader to explain. */
export function ownFailure(source: Readable | undefined): Failure | undefined {
  return source?.errored instanceof Failure ? source.errored : undefined;
}

async function* verified(
  repository: Repository,
  file: ManifestFile,
  { signal, onBytes }: VerifiedSourceOptions,
): AsyncGenerator<Uint8Array> {
  const meter = createMeter();
  let held: Uint8Array | undefined;
  for await (const chunk of chunksOf(await open(repository, file, signal))) {
    meter.add(chunk);
    onBytes?.(chunk.length);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (meter.bytes !== file.bytes) throw damaged(file, `${file.bytes} bytes`, `${meter.bytes} bytes`);
  const sha256 = meter.digest();
  if (sha256 !== file.sha256) throw damaged(file, `sha256 ${file.sha256}`, `sha256 ${sha256}`);
  if (held !== undefined) yield held;
}

async function open(repository: Repository, file: ManifestFile, signal: AbortSignal): Promise<Readable> {
  try {
    return await repository.get(file.key, { signal });
  } catch (error) {
    if (error instanceof Failure && error.code === 'repository-missing') {
      throw damaged(file, `${file.bytes} bytes`, 'no such file');
    }
    throw error;
  }
}

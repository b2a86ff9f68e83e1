import { Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';
import type { RunningPipe } from '../process/commands.ts';
import type { PutOptions, Repository } from '../store/repository.ts';
import { createMeter } from './checksums.ts';
import type { ManifestFile } from './manifest.ts';

export interface StoredPipeOptions extends PutOptions {
  /** Sees every stored chunk as it passes. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** Asked after the last byte, when every stage has exited well; throws to keep the object from being stored. */
  readonly accept?: () => Promise<void>;
}

/**
 * Stores what comes out of a pipe while it is hashed. The upload is completed only after every stage has exited well
 * and `accept` held: until then the repository has nothing under the key, so a dump that breaks off is never stored.
 * @throws Failure of the pipe, of `accept` or of the repository; the pipe's processes are gone then.
 */
export async function storePipe(
  repository: Repository,
  file: { readonly key: string; readonly role: ManifestFile['role'] },
  pipe: RunningPipe,
  options: StoredPipeOptions = {},
): Promise<ManifestFile> {
  const meter = createMeter();
  let broken: unknown;
  // When the store gives up first, nobody reads the output any more, and its error must not end the process.
  pipe.output.on('error', () => undefined);
  async function* checked(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of pipe.output as AsyncIterable<Uint8Array>) {
        meter.add(chunk);
        options.onChunk?.(chunk);
        yield chunk;
      }
      await pipe.done;
      await options.accept?.();
    } catch (error) {
      broken = error;
      throw error;
    }
  }
  try {
    const stored = await repository.put(file.key, Readable.from(checked(), { objectMode: false }), options);
    await confirmSize(repository, file.key, stored.bytes, meter.bytes);
    return { ...file, bytes: meter.bytes, sha256: meter.digest() };
  } catch (error) {
    await pipe.kill();
    // Why the body broke off says more than how the store saw it; a store that failed first closed the body itself.
    throw broken ?? error;
  }
}

/**
 * Holds the size that the store reports against what it was sent; another one means lost bytes, and the object goes.
 * @throws Failure `repository-write`
 */
export async function confirmSize(
  repository: Repository,
  key: string,
  stored: number,
  sent: number,
): Promise<void> {
  if (stored === sent) return;
  await repository.remove([key]).catch(() => undefined);
  throw new Failure(
    'repository-write',
    `${repository.location} holds ${stored} bytes of ${key} and was sent ${sent}`,
    { where: key, hint: 'The store lost bytes without an error; do not trust it with backups.' },
  );
}

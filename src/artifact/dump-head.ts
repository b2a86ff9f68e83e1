import { Readable, type Transform } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';

/** What every custom-format dump begins with. */
const signature = Buffer.from('PGDMP');

/** Compressed bytes that are sure to hold zstd's first block (128 KiB of data), whole. */
const keptBytes = 256 * 1024;

/** Keeps the first bytes of a stored dump as they pass, to tell afterwards whether a dump began there. */
export interface HeadKeeper {
  add(chunk: Uint8Array): void;
  /** Whether the data, once decompressed, begins like a custom-format dump. */
  isDump(): Promise<boolean>;
}

export function keepHead(compression: 'zstd' | 'none'): HeadKeeper {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      if (bytes >= keptBytes) return;
      chunks.push(chunk);
      bytes += chunk.length;
    },
    isDump: async () => {
      const head = Buffer.concat(chunks);
      const data = compression === 'zstd' ? await firstBytes(head, createZstdDecompress()) : head;
      return data.subarray(0, signature.length).equals(signature);
    },
  };
}

/** The first data out of a decoder; nothing when there is none. The input's end may be cut off anywhere. */
async function firstBytes(input: Uint8Array, decoder: Transform): Promise<Buffer> {
  const source = Readable.from([input]);
  source.on('error', () => undefined);
  try {
    for await (const chunk of source.pipe(decoder)) return chunk as Buffer;
  } catch {
    // Not zstd, or cut off before the first block: either way no dump.
  } finally {
    source.destroy();
    decoder.destroy();
  }
  return Buffer.alloc(0);
}

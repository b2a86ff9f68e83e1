import { partSize } from './part-sizes.ts';

/** Memory that part bodies may take at once, counted in parts of the base size. */
export const partsInFlight = 4;

/** One filled part. `release` gives its memory back, once nothing sends from it any more. */
export interface FilledPart {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** The body ended with this part. */
  readonly last: boolean;
  readonly release: () => void;
}

/**
 * Cuts a body into parts. At most `partsInFlight` times `base` bytes are held, the part being filled included: it waits
 * for a `release` when they are taken, and grown parts count as several. The last part may be empty only when it is the
 * first.
 */
export async function* fillParts(
  chunks: AsyncIterable<Uint8Array>,
  base: number,
): AsyncGenerator<FilledPart> {
  const memory = createMemory(base);
  let number = 1;
  let buffer = await memory.take(partSize(base, number));
  let filled = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      if (filled === buffer.length) {
        // Only now is it known that another part follows.
        yield part(memory, number, buffer, filled, false);
        number += 1;
        buffer = await memory.take(partSize(base, number));
        filled = 0;
      }
      const length = Math.min(chunk.length - offset, buffer.length - filled);
      buffer.set(chunk.subarray(offset, offset + length), filled);
      filled += length;
      offset += length;
    }
  }
  yield part(memory, number, buffer, filled, true);
}

function part(memory: Memory, number: number, buffer: Uint8Array, filled: number, last: boolean): FilledPart {
  const release = (): void => {
    memory.give(buffer);
  };
  return { number, bytes: buffer.subarray(0, filled), last, release };
}

interface Memory {
  take(bytes: number): Promise<Uint8Array>;
  give(buffer: Uint8Array): void;
}

/** Hands out buffers and takes them back, so that an upload of any size runs in the same few. */
function createMemory(base: number): Memory {
  const spare: Uint8Array[] = [];
  let free = partsInFlight * base;
  let wake: (() => void) | undefined;
  return {
    take: async (bytes) => {
      while (free < bytes) await new Promise<void>((resolve) => (wake = resolve));
      free -= bytes;
      const buffer = spare.pop();
      if (buffer?.length === bytes) return buffer;
      // Parts grew: the smaller buffers are not used again.
      spare.length = 0;
      return Buffer.allocUnsafeSlow(bytes);
    },
    give: (buffer) => {
      free += buffer.length;
      spare.push(buffer);
      wake?.();
    },
  };
}

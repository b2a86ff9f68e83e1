import { expect, test } from 'vitest';
import { fillParts, partsInFlight, type FilledPart } from '../../../src/s3/part-buffer.ts';
import { fc } from '../../fixtures/property.ts';

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

test('the parts are the body, all but the last full, and only the last knows that it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), async (chunks) => {
      const base = 16;
      const parts: { bytes: Buffer; number: number; last: boolean }[] = [];
      for await (const { bytes, number, last, release } of fillParts(chunksOf(chunks), base)) {
        parts.push({ bytes: Buffer.from(bytes), number, last });
        release();
      }
      expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(Buffer.concat(chunks));
      expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
      expect(parts.map(({ last }) => last)).toEqual(parts.map((_, index) => index === parts.length - 1));
      for (const { bytes, last } of parts) if (!last) expect(bytes.length).toBe(base);
      if (parts.length > 1) expect(parts.at(-1)?.bytes.length).toBeGreaterThan(0);
    }),
  );
});

test('no more memory is taken than four parts until one is released', async () => {
  const base = 16;
  const held: FilledPart[] = [];
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(Array.from({ length: 100 }, () => new Uint8Array(base)))) {
      taken += 1;
      yield chunk;
    }
  };
  const parts = fillParts(counted(), base);
  for (let number = 1; number <= partsInFlight; number += 1) {
    const next = await parts.next();
    if (next.done !== true) held.push(next.value);
  }
  let fifth = false;
  const waiting = parts.next().then(() => (fifth = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(fifth).toBe(false);
  // One chunk is in hand, waiting for its part.
  expect(taken).toBe(partsInFlight + 1);
  held[0]?.release();
  await waiting;
});

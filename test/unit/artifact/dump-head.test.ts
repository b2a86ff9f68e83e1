import { randomBytes } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { keepHead } from '../../../src/artifact/store-dump.ts';

async function judge(compression: 'zstd' | 'none', stored: Buffer, chunkBytes = 10_000): Promise<boolean> {
  const head = keepHead(compression);
  for (let at = 0; at < stored.length; at += chunkBytes) head.add(stored.subarray(at, at + chunkBytes));
  return head.isDump();
}

const dump = Buffer.concat([Buffer.from('PGDMP'), randomBytes(2_000_000)]);

test('a dump is known by its first bytes, also when only the beginning was kept', async () => {
  expect(await judge('none', dump)).toBe(true);
  expect(await judge('zstd', zstdCompressSync(dump))).toBe(true);
  expect(await judge('zstd', zstdCompressSync(Buffer.from('PGDMP')), 1)).toBe(true);
});

test('nothing, other data, or data in another packing is no dump', async () => {
  expect(await judge('none', Buffer.alloc(0))).toBe(false);
  expect(await judge('zstd', Buffer.alloc(0))).toBe(false);
  expect(await judge('zstd', zstdCompressSync(Buffer.alloc(0)))).toBe(false);
  expect(await judge('zstd', zstdCompressSync(randomBytes(1_000_000)))).toBe(false);
  expect(await judge('zstd', dump)).toBe(false);
  expect(await judge('none', zstdCompressSync(dump))).toBe(false);
});

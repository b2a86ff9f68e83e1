import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../fixtures/uploads-memory.ts', import.meta.url));

/** Most bytes of heap that a survey of so many keys has held, after collecting garbage, and what it counted. */
async function survey(keys: number): Promise<{ readonly peakBytes: number; readonly keys: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script, String(keys)]);
  return JSON.parse(stdout) as { peakBytes: number; keys: number };
}

test('memory stays flat as keys grow tenfold', async () => {
  const few = await survey(10_000);
  const many = await survey(100_000);
  expect([few.keys, many.keys]).toEqual([10_000, 100_000]);
  // A page of 1,000 versions takes 300 kB; the 270,000 versions more would take 60 MB.
  expect(many.peakBytes - few.peakBytes).toBeLessThan(4_000_000);
});

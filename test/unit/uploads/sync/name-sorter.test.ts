import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNameSorter } from '../../../../src/uploads/sync/name-sorter.ts';

let scratch: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'run-plan-names-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

/** Every byte that a name may have, names that others begin with, and more than one piece of a file holds. */
const names = [
  ...Array.from({ length: 255 }, (_, index) => String.fromCharCode(index + 1)),
  ...Array.from({ length: 900 }, (_, index) => `${(index * 7919) % 900}`.padStart(4, '0') + 'x'.repeat(200)),
  'a', 'a\n', 'a\u0001', 'a/', 'a-b', 'aa',
]; // prettier-ignore

test.each([1, 7, 500, 100_000])(
  'names and notes come in the order of bytes, %d of them in memory',
  async (most) => {
    const sorter = createNameSorter<{ readonly reason: string }>(scratch, most);
    for (const name of names.slice(0, most === 1 ? 40 : names.length))
      await sorter.add(name, name.endsWith('\n') ? { reason: `is “odd” \u00fc ${name}` } : undefined);
    const found: string[] = [];
    for await (const { name, note } of sorter.sorted()) {
      found.push(name);
      expect(note).toEqual(name.endsWith('\n') ? { reason: `is “odd” \u00fc ${name}` } : undefined);
    }
    expect(found).toEqual(names.slice(0, most === 1 ? 40 : names.length).sort());
    await sorter.remove();
    expect(await readdir(scratch)).toEqual([]);
  },
);

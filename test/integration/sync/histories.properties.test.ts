import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { fc } from '../../fixtures/property.ts';
import { createSyncPlace, sha256 } from './sync-place.ts';

const services = inject('services');

const path = fc.constantFrom(
  'a',
  'a.b',
  'a/b',
  'a/b/c',
  'a0',
  'ü/ \n',
  'ü',
  '\u{1f600}',
  '\uffee/x',
  'p+q%20',
);
const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ path, content: fc.constantFrom('', 'x', 'y', 'longer') }) },
  { weight: 1, arbitrary: fc.record({ path, content: fc.constant(undefined) }) },
);
const history = fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 4 });

test('after each sync of any history the bucket is the folder, and syncing again changes nothing', async () => {
  const place = await createSyncPlace(services);
  await fc.assert(
    fc.asyncProperty(history, async (rounds) => {
      for (const changes of rounds) {
        for (const one of changes) await apply(place.folder, one.path, one.content);
        // A folder without files deletes nothing, so there is always one.
        await place.write('always', 'there');
        const expected = await contentsOf(place.folder);
        const first = await place.sync({ delete: true, 'delete-limit': 100 });
        expect(first.failure).toBeUndefined();
        expect(await place.contents()).toEqual(expected);
        const second = await place.sync({ delete: true, 'delete-limit': 0 });
        expect(second.sync).toMatchObject({ uploaded: 0, deleted: 0, extras: 0 });
      }
    }),
    { numRuns: 12 },
  );
});

/** Writes or removes a file; a folder or file that stood in its way goes. */
async function apply(folder: string, path: string, content: string | undefined): Promise<void> {
  const parts = path.split('/');
  for (const [index] of parts.entries()) {
    const above = join(folder, ...parts.slice(0, index));
    if (index > 0 && (await lstat(above).catch(() => undefined))?.isFile() === true) await rm(above);
  }
  await rm(join(folder, path), { recursive: true, force: true });
  if (content === undefined) return;
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function contentsOf(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = sha256(await readFile(path));
  }
  return found;
}

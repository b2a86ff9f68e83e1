import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pathOf, type ByteText } from '../../../../src/uploads/sync/byte-text.ts';
import { walkFolder } from '../../../../src/uploads/sync/walk-folder.ts';
import { fc } from '../../../fixtures/property.ts';

let folder: string;
let scratch: string;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'run-plan-walk-')));
  scratch = await mkdtemp(join(folder, 'scratch-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Few letters, so that names often share a beginning: those around `/`, and where UTF-16 and UTF-8 order differently. */
const name = fc
  .string({
    unit: fc.constantFrom('a', '-', '.', '0', ' ', '!', 'ü', '\uffee', '\u{1f600}'),
    minLength: 1,
    maxLength: 3,
  })
  .filter((text) => text !== '.' && text !== '..');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

test('a walk gives every file, in the order in which S3 lists its key', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 12 }),
      fc.constantFrom(1, 2, 100),
      async (paths, mostNames) => {
        const root = await mkdtemp(join(folder, 'tree-'));
        const made: string[] = [];
        for (const one of paths) {
          try {
            await mkdir(dirname(join(root, one)), { recursive: true });
            await writeFile(join(root, one), '', { flag: 'wx' });
            made.push(one);
          } catch {
            // A file bears the name of a folder, or the other way round.
          }
        }
        const walked: ByteText[] = [];
        const entries = walkFolder(Buffer.from(root).toString('latin1'), {
          symlinks: 'skip',
          filter: { takes: () => true, excludesFolder: () => false },
          longestName: 1024,
          signal: new AbortController().signal,
          scratch,
          mostNames,
        });
        for await (const entry of entries) walked.push(entry.name);
        const inByteOrder = made
          .map((one) => Buffer.from(one))
          .sort((one, other) => Buffer.compare(one, other));
        expect(walked.map((one) => pathOf(one).toString())).toEqual(inByteOrder.map(String));
      },
    ),
    { numRuns: 60 },
  );
  expect(await readdir(scratch)).toEqual([]);
});

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metricsFile, writeTextfile } from '../../../../src/tell/metrics/textfile.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-textfile-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file is replaced as a whole, and another account may read it whatever the umask is', async () => {
  const path = metricsFile(folder, 'nightly-prod');
  const before = process.umask(0o077);
  try {
    await writeTextfile(path, 'old 1\n');
    await writeTextfile(path, 'new 1\n');
  } finally {
    process.umask(before);
  }
  expect(await readFile(path, 'utf8')).toBe('new 1\n');
  expect((await stat(path)).mode & 0o777).toBe(0o644);
  expect(await readdir(folder)).toEqual(['run-plan-nightly-prod.prom']);
});

test('a folder that is not there is a failure that names the file', async () => {
  const path = join(folder, 'none', 'a.prom');
  await expect(writeTextfile(path, '')).rejects.toMatchObject({
    code: 'metrics-write',
    message: `the metrics cannot be written to ${path}: ENOENT`,
  });
});

test('nothing is left beside a file that cannot be replaced', async () => {
  await rm(folder, { recursive: true });
  await writeFile(folder, '');
  await expect(writeTextfile(join(folder, 'a.prom'), '')).rejects.toMatchObject({ code: 'metrics-write' });
});

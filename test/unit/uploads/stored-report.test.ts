import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { splitLines } from '../../../src/base/files.ts';
import { openFolder } from '../../../src/store/folder.ts';
import type { Repository } from '../../../src/store/repository.ts';
import { fetchReport } from '../../../src/uploads/stored-report.ts';

const key = 'runs/test/test-20250101T020000Z-0001/uploads-restore/changes.ndjson.gz';
const header = `${JSON.stringify({ runId: 'test-20250101T020000Z-0001', uploads: 's3://photos', work: 'restore' })}\n`;
const change = `${JSON.stringify({ key: 'a', action: 'hidden', made: 'v2', before: null, promoted: null })}\n`;

let folder: string;
let repository: Repository;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-report-'));
  repository = await openFolder(folder);
  path = join(folder, 'undone.ndjson');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function fetch(stored: Uint8Array): ReturnType<typeof fetchReport> {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), stored);
  return fetchReport(repository, key, path, new AbortController().signal);
}

test('a report is brought here whole, with its header', async () => {
  expect(await fetch(gzipSync(header + change + change))).toMatchObject({ uploads: 's3://photos' });
  expect(await readFile(path, 'utf8')).toBe(header + change + change);
});

test.each([
  ['a torn gzip', gzipSync(header + change.repeat(1000)).subarray(0, -20), /its gzip is torn or damaged: /],
  ['no gzip at all', Buffer.from(header + change), /its gzip is torn or damaged: /],
  ['a torn line', gzipSync(header + change + change.slice(0, 20)), /it is not JSON at line 3/],
  ['a line of something else', gzipSync(`${header}{"a":1}\n`), /it is not valid: .* at line 2/],
])('%s is a finding about that report', async (_, stored, message) => {
  const failing = expect.stringMatching(message) as string;
  await expect(fetch(stored)).rejects.toMatchObject({
    code: 'repository-read',
    message: failing,
    where: key,
  });
});

test.each([
  ['nothing', ''],
  ['another document', '{"format":1}\n'],
  ['one line without an end', 'x'.repeat(1024 * 1024)],
])('%s is no report', async (_, text) => {
  await expect(fetch(gzipSync(text))).rejects.toMatchObject({ code: 'usage', where: key });
});

test('what unpacks to a thousand times its size is left at its first line that is too long', async () => {
  const bomb = gzipSync(Buffer.concat([Buffer.from(header), Buffer.alloc(32 * 1024 * 1024, 0x78)]));
  await expect(fetch(bomb)).rejects.toMatchObject({
    code: 'repository-read',
    message: expect.stringContaining('line 2 is longer than 65536 bytes') as string,
  });
  expect((await stat(path)).size).toBeLessThan(64 * 1024);
});

test('a line without an end is told before its end', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    yield Buffer.from('a\nb');
    for (;;) yield await Promise.resolve(Buffer.alloc(1024));
  }
  const lines = splitLines(endless(), 4096);
  expect(await lines.next()).toEqual({ done: false, value: { number: 1, bytes: Buffer.from('a') } });
  expect(await lines.next()).toEqual({ done: false, value: { number: 2 } });
  await lines.return(undefined);
});

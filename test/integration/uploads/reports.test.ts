import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { startFaultProxy, type FaultProxy } from '../../services/fault-proxy.ts';
import { createFolderRepository, type TestRepository } from '../../services/repository.ts';
import { attempt } from '../task/attempt.ts';
import { createUploads, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let proxy: FaultProxy;
let uploads: UploadsGround;
let store: TestRepository;
/** The state folders of two hosts. */
let hosts: readonly [string, string];

beforeEach(async () => {
  proxy = await startFaultProxy(services.s3.endpoint);
  uploads = await createUploads(services, proxy.endpoint);
  store = await createFolderRepository();
  const host = (): Promise<string> => mkdtemp(join(tmpdir(), 'run-plan-host-'));
  hosts = [await host(), await host()];
});

afterEach(async () => {
  await proxy.stop();
  await uploads.remove();
  await store.remove();
  for (const host of hosts) await rm(host, { recursive: true, force: true });
});

const firstRun = 'test-20250101T020000Z-0001';

async function restore(
  runId: string,
  parameters: UploadsRestoreParameters,
  host = hosts[0],
): ReturnType<typeof attempt> {
  const kept = join(host, runId, 'uploads-restore');
  await mkdir(kept, { recursive: true });
  return attempt(uploadsRestore, parameters, {
    environment: { ...uploads.environment, repository: store.settings },
    repository: store.repository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    runId,
    kept,
  });
}

async function history(): Promise<
  readonly { readonly key: string; readonly id: string; readonly at: number }[]
> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key = '', VersionId = '', LastModified }) => ({ key: Key, id: VersionId, at: LastModified?.getTime() ?? 0 })); // prettier-ignore
}

async function now(): Promise<string> {
  return new Date(Math.max(...(await history()).map(({ at }) => at))).toISOString();
}

async function contents(): Promise<Record<string, string>> {
  return Object.fromEntries(await uploads.contents());
}

async function linesOf(path: string | undefined): Promise<readonly { readonly made: string }[]> {
  const text = (await readFile(path ?? '', 'utf8')).trim();
  return text.split('\n').map((line) => JSON.parse(line) as { readonly made: string });
}

test('a report lies in the repository too, and another host shows and does the undo from there', async () => {
  await uploads.put('a', 'first');
  await uploads.put('gone', 'was here');
  const at = await now();
  await uploads.put('a', 'second!');
  await uploads.hide('gone');
  await uploads.put('born later', 'x');
  const later = await contents();
  const { result } = await restore(firstRun, { at });
  const key = `runs/test/${firstRun}/uploads-restore/changes.ndjson.gz`;
  const stored = gunzipSync(await buffer(await store.repository.get(key))).toString();
  const local = await readFile(result.outputs?.['changes'] ?? '', 'utf8');
  expect(stored).toBe(`${stored.split('\n', 1)[0] ?? ''}\n${local}`);
  expect(JSON.parse(stored.split('\n', 1)[0] ?? '')).toMatchObject({ runId: firstRun });
  // The store tells no ids of copies: they are those that a listing shows.
  const ids = new Set((await history()).map(({ id }) => id));
  expect((await linesOf(result.outputs?.['changes'])).every(({ made }) => ids.has(made))).toBe(true);

  const before = await history();
  const dry = await restore('test-20250101T030000Z-0002', { undo: firstRun, 'dry-run': true }, hosts[1]);
  expect(dry.said.notes).toEqual([
    `dry run, nothing was changed: to undo ${firstRun}/uploads-restore: 2 keys to promote (8 B), 1 key to hide (8 B)`,
  ]);
  expect(dry.result.facts?.['uploads']).toMatchObject({
    dryRun: true,
    promote: { keys: 2, bytes: 8 },
    hide: { keys: 1, bytes: 8 },
    changedSince: { count: 0 },
  });
  expect(await history()).toEqual(before);
  await restore('test-20250101T040000Z-0003', { undo: `${firstRun}/uploads-restore` }, hosts[1]);
  expect(await contents()).toEqual(later);
  await restore('test-20250101T050000Z-0004', { undo: 'test-20250101T040000Z-0003' });
  expect(await contents()).toEqual({ a: 'first', gone: 'was here' });

  // All three were changed by the undo since.
  const again = await restore('test-20250101T060000Z-0005', { undo: firstRun, 'dry-run': true });
  expect(again.said.warnings).toEqual([
    expect.stringMatching(
      /^3 keys were changed by somebody since: .*an undo leaves such keys alone, and fails$/,
    ),
  ]);
  await expect(restore('test-20250101T070000Z-0006', { undo: 'test-20250101T070000Z-beef' })).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining(`or in ${store.repository.location}`) as string }); // prettier-ignore
});

test('metadata alone is brought back, and undone', async () => {
  await uploads.put('photo', 'same', { ContentType: 'image/png' });
  const at = await now();
  await uploads.put('photo', 'same', { ContentType: 'text/plain' });
  const typeNow = async (): Promise<string | undefined> => {
    const head = await uploads.client.send(new HeadObjectCommand({ Bucket: uploads.bucket, Key: 'photo' }));
    return head.ContentType;
  };
  const dry = await restore('run-0', { at, 'dry-run': true });
  expect(dry.said.notes.at(-1)).toContain('1 to promote (4 B, 1 of them looking the same already)');
  await restore(firstRun, { at });
  expect(await typeNow()).toBe('image/png');
  await restore('run-2', { undo: firstRun });
  expect(await typeNow()).toBe('text/plain');
});

test('a second attempt of a step goes on, and its report has the changes of both', async () => {
  for (const key of ['a', 'denied']) await uploads.put(key, 'first');
  const at = await now();
  for (const key of ['a', 'denied']) await uploads.put(key, 'second');
  proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /\/denied\?/ });
  await expect(restore(firstRun, { at })).rejects.toMatchObject({ code: 'repository-denied' });
  proxy.clear();
  const { result, said } = await restore(firstRun, { at });
  expect(said.notes).toContain('goes on where a run was interrupted: 1 key had been changed by it');
  expect(await linesOf(result.outputs?.['changes'])).toHaveLength(2);
  // Undone by another host, from the newest of the two stored reports.
  await restore('run-2', { undo: firstRun }, hosts[1]);
  expect(await contents()).toEqual({ a: 'second', denied: 'second' });
});

test('what was undone is not gone on with, and an instant before everything is refused', async () => {
  for (const key of ['a', 'b']) await uploads.put(key, 'first');
  const at = await now();
  for (const key of ['a', 'b']) await uploads.put(key, 'second');
  proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /\/b\?/ });
  await expect(restore('run-1', { at })).rejects.toMatchObject({ code: 'repository-denied' });
  proxy.clear();
  await restore('run-2', { undo: 'run-1' });
  expect(await contents()).toEqual({ a: 'second', b: 'second' });
  const third = await restore('run-3', { at });
  expect(third.result.facts?.['uploads']).toMatchObject({ promoted: 2, continued: 0 });
  await restore('run-4', { undo: 'run-3' });
  expect(await contents()).toEqual({ a: 'second', b: 'second' });

  await expect(restore('run-5', { at: '2001-01-01' })).rejects.toMatchObject({
    code: 'target-refused',
    message: expect.stringContaining('all 2 keys would be hidden; nothing was changed') as string,
  });
  expect(await contents()).toEqual({ a: 'second', b: 'second' });
  await restore('run-6', { at: '2001-01-01', prefix: 'b' });
  expect(await contents()).toEqual({ a: 'second' });
});

test('a repository that does not take the report leaves a warning, and the uploads restored', async () => {
  await uploads.put('a', 'first');
  const at = await now();
  await uploads.put('a', 'second');
  const folder = store.settings.store.kind === 'folder' ? store.settings.store.folder : '';
  await rm(folder, { recursive: true, force: true });
  await writeFile(folder, 'not a folder');
  const { said } = await restore(firstRun, { at });
  expect(await contents()).toEqual({ a: 'first' });
  expect(said.warnings).toEqual([expect.stringMatching(/the report is on this host alone/)]);
});

import { execFile } from 'node:child_process';
import {
  appendFile,
  chmod,
  mkdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
  stat,
  readFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CopyObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { basePartSize } from '../../../src/s3/part-sizes.ts';
import { startFaultProxy } from '../../services/fault-proxy.ts';
import { createSyncPlace, sha256 } from './sync-place.ts';

const services = inject('services');

/** Names that break naive tools, as keys. Together they also stand in an order that only bytes give. */
const oddNames = [
  'a/x',
  'a.b',
  'a0',
  'a b/c d.jpg',
  'plus+sign.txt',
  'percent%20.txt',
  'line\nbreak',
  'carriage\rreturn',
  'tab\tand\u0001control',
  'back\\slash',
  'quote\'"&<>',
  'Zu\u0308rich (NFD).png',
  'Zürich (NFC).png',
  '\u{1f600}astral',
  '\uffeebmp',
  'question?mark#hash',
  '*star[1]{2}',
  '.hidden/.file',
  ' leading and trailing ',
  'empty',
];

test('every odd name and content arrives, and a second sync finds nothing to do', async () => {
  const place = await createSyncPlace(services);
  const expected: Record<string, string> = {};
  for (const name of oddNames) {
    const content = name === 'empty' ? '' : `content of ${name}`;
    await place.write(name, content);
    expected[name] = sha256(content);
  }
  const first = await place.sync();
  expect(first.failure).toBeUndefined();
  expect(first.sync).toMatchObject({ files: oddNames.length, uploaded: oddNames.length, unchanged: 0 });
  expect(await place.contents()).toEqual(expected);
  const photo = { Bucket: place.bucket, Key: `${place.prefix}/Zürich (NFC).png` };
  expect(await place.client.send(new HeadObjectCommand(photo))).toMatchObject({ ContentType: 'image/png' });
  const second = await place.sync({ delete: true, 'delete-limit': 0 });
  expect(second.failure).toBeUndefined();
  expect(second.sync).toMatchObject({
    uploaded: 0,
    uploadedBytes: 0,
    unchanged: oddNames.length,
    deleted: 0,
  });
});

test('content decides, never a time: same size and time but other bytes are uploaded', async () => {
  const place = await createSyncPlace(services);
  await place.write('same', 'aaaa');
  await place.write('longer', 'a');
  await place.sync();
  const { atime, mtime } = await stat(join(place.folder, 'same'));
  await place.write('same', 'bbbb');
  await utimes(join(place.folder, 'same'), atime, mtime);
  await place.write('longer', 'ab');
  await utimes(join(place.folder, 'longer'), new Date(0), new Date(0));
  const { sync } = await place.sync();
  expect(sync).toMatchObject({ uploaded: 2, unchanged: 0 });
  expect(await place.contents()).toEqual({ same: sha256('bbbb'), longer: sha256('ab') });
});

test('where the ETag is no MD5 the noted sha256 decides, and without that the object is read', async () => {
  const place = await createSyncPlace(services);
  const large = Buffer.alloc(17 * 1024 * 1024, 'large');
  await place.write('in parts', large);
  await place.write('encrypted', 'secret');
  await place.write('foreign', large);
  const put = async (name: string, Body: Uint8Array | string, more: object): Promise<void> => {
    await place.client.send(
      new PutObjectCommand({ Bucket: place.bucket, Key: `${place.prefix}/${name}`, Body, ...more }),
    );
  };
  await put('encrypted', 'secret', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: services.s3.kmsKey });
  expect((await place.sync({ exclude: ['foreign'] })).sync.uploaded).toBeGreaterThanOrEqual(1);
  // Another tool has stored it in parts: no metadata and no MD5.
  const source = encodeURI(`${place.bucket}/${place.prefix}/in parts`);
  await place.client.send(
    new CopyObjectCommand({
      Bucket: place.bucket,
      Key: `${place.prefix}/foreign`,
      CopySource: source,
      MetadataDirective: 'REPLACE',
      Metadata: {},
    }),
  );
  const { sync } = await place.sync();
  expect(sync).toMatchObject({ uploaded: 0, unchanged: 3 });
  const other = Buffer.from(large);
  other[9_000_000] = 1;
  await place.write('in parts', other);
  await place.write('foreign', other);
  await place.write('encrypted', 'public');
  const changed = await place.sync();
  expect(changed.sync).toMatchObject({ uploaded: 3, unchanged: 0 });
  expect((await place.contents())['foreign']).toBe(sha256(other));
});

describe('deletions', () => {
  test('are asked for, leave delete markers, and spare what is excluded or skipped', async () => {
    const place = await createSyncPlace(services);
    for (const name of ['a', 'b', 'c', 'd', 'keep/excluded', 'linked/object']) await place.write(name, name);
    await place.sync();
    for (const name of ['b', 'keep', 'linked']) await rm(join(place.folder, name), { recursive: true });
    await symlink('/', join(place.folder, 'linked'));
    expect((await place.sync()).sync).toMatchObject({ deleted: 0, extras: 2 });
    const dry = await place.sync({ delete: true, exclude: ['keep'], 'dry-run': true });
    expect(dry.sync).toMatchObject({ deleted: 1 });
    expect(dry.said.notes).toContain('would be deleted: b');
    const changes = join(place.folder, '..', `${place.bucket}.ndjson`);
    onTestFinished(() => rm(changes, { force: true }));
    const { sync, failure } = await place.sync({ delete: true, exclude: ['keep'], changes });
    expect(failure).toBeUndefined();
    expect(sync).toMatchObject({ deleted: 1, extras: 0, skipped: 1 });
    expect(await readFile(changes, 'utf8')).toBe('{"key":"b","action":"deleted"}\n');
    expect(Object.keys(await place.contents())).toEqual(['a', 'c', 'd', 'keep/excluded', 'linked/object']);
    const versions = await place.client.send(
      new ListObjectVersionsCommand({ Bucket: place.bucket, Prefix: `${place.prefix}/b` }),
    );
    expect(versions.DeleteMarkers).toHaveLength(1);
    expect(versions.Versions).toHaveLength(1);
  });

  test('of too many, of an empty folder, and after a file that could not be read, do not happen', async () => {
    const place = await createSyncPlace(services);
    for (const name of ['a', 'b', 'c', 'd']) await place.write(name, name);
    await place.sync();
    await rm(join(place.folder, 'a'));
    await rm(join(place.folder, 'b'));
    await place.write('new', 'new');
    const many = await place.sync({ delete: true });
    expect(many.failure).toMatchObject({ code: 'target-refused' });
    expect(many.failure?.message).toContain('2 of 4 objects would go, more than 25 %');
    expect(many.sync).toMatchObject({ uploaded: 1, deleted: 0 });
    await symlink('nowhere', join(place.folder, 'dangling'));
    const faulty = await place.sync({ delete: true, 'delete-limit': 100, symlinks: 'follow' });
    expect(faulty.failure).toMatchObject({ code: 'sync-incomplete' });
    expect(faulty.sync).toMatchObject({ deleted: 0, failed: 1 });
    for (const name of ['c', 'd', 'new', 'dangling']) await rm(join(place.folder, name));
    const empty = await place.sync({ delete: true, 'delete-limit': 100 });
    expect(empty.failure?.message).toContain('the folder has no files');
    expect(Object.keys(await place.contents())).toEqual(['a', 'b', 'c', 'd', 'new']);
    await rm(place.folder, { recursive: true });
    expect((await place.sync({ delete: true })).failure).toMatchObject({ code: 'environment-incomplete' });
  });
});

describe('what is no plain file', () => {
  test('links are never followed out of the folder, in circles or to nowhere', async () => {
    const place = await createSyncPlace(services);
    const outside = await createSyncPlace(services);
    await outside.write('secret', 'outside');
    await place.write('real/file', 'inside');
    const link = (target: string, name: string): Promise<void> => symlink(target, join(place.folder, name));
    await link('real', 'inner');
    await link('real/file', 'file-link');
    await link(outside.folder, 'outer');
    await link(join(outside.folder, 'secret'), 'outer-file');
    await link('..', 'real/up');
    await link('nowhere', 'dangling');
    const skipped = await place.sync();
    expect(skipped.failure).toBeUndefined();
    expect(skipped.sync).toMatchObject({ uploaded: 1, skipped: 6 });
    const followed = await place.sync({ symlinks: 'follow' });
    expect(followed.failure).toMatchObject({ code: 'sync-incomplete' });
    expect(followed.sync.failedFiles.map(({ name }) => name).sort()).toEqual([
      'dangling',
      'inner/up',
      'outer',
      'outer-file',
      'real/up',
    ]);
    expect(await place.contents()).toEqual({
      'file-link': sha256('inside'),
      'inner/file': sha256('inside'),
      'real/file': sha256('inside'),
    });
    const failed = await place.sync({ symlinks: 'fail' });
    expect(failed.sync).toMatchObject({ failed: 6, unchanged: 1 });
  });

  test('sockets and pipes are skipped; bad names and unreadable files fail the step after all others', async () => {
    const place = await createSyncPlace(services);
    await promisify(execFile)('mkfifo', [join(place.folder, 'pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(join(place.folder, 'socket'), resolve));
    onTestFinished(() => void server.close());
    await writeFile(Buffer.concat([Buffer.from(`${place.folder}/bad-`), Buffer.from([0xff])]), 'bad');
    const deep = Array.from({ length: 5 }, () => 'd'.repeat(250)).join('/');
    await mkdir(join(place.folder, deep), { recursive: true });
    await place.write(`${deep}/too-long`, 'long');
    await place.write('zebra', 'last');
    const { sync, failure } = await place.sync();
    expect(sync.skippedFiles).toEqual([
      { name: 'pipe', reason: 'is a named pipe' },
      { name: 'socket', reason: 'is a socket' },
    ]);
    expect(failure).toMatchObject({ code: 'sync-incomplete', exitCode: 20 });
    expect(failure?.message).toContain('bad-\\xff has a name that is not UTF-8');
    expect(failure?.message).toMatch(/has a name of \d+ bytes, and S3 takes 1016 here/);
    expect(await place.contents()).toEqual({ zebra: sha256('last') });
  });

  test('files and folders without permission are named, and the rest goes on', async () => {
    const place = await createSyncPlace(services);
    for (const name of ['closed', 'open', 'shut/inside']) await place.write(name, name);
    await place.sync();
    await chmod(place.folder, 0o755);
    await chmod(join(place.folder, 'closed'), 0);
    await chmod(join(place.folder, 'shut'), 0);
    await place.write('open', 'changed');
    // Root may read everything.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    const { failure, sync } = await place.sync({ delete: true }).finally(async () => {
      if (isRoot) process.seteuid?.(0);
      // An ordinary user could not remove it otherwise.
      await chmod(join(place.folder, 'shut'), 0o700);
    });
    expect(failure?.message).toContain('closed cannot be read: permission denied');
    expect(failure?.message).toContain('shut cannot be read: permission denied');
    expect(sync).toMatchObject({ uploaded: 1, deleted: 0, extras: 0, failed: 2 });
    expect(Object.keys(await place.contents())).toEqual(['closed', 'open', 'shut/inside']);
  });
});

test('globs choose what takes part', async () => {
  const place = await createSyncPlace(services, { prefix: '' });
  for (const name of [
    'a.jpg',
    'b.tmp',
    '.cache/c.jpg',
    'deep/er/d.jpg',
    'deep/e.pdf',
    'node_modules/x/f.jpg',
  ])
    await place.write(name, name);
  await place.sync({ include: ['*.jpg', 'deep/**'], exclude: ['node_modules', '*.tmp'] });
  expect(Object.keys(await place.contents())).toEqual([
    '.cache/c.jpg',
    'a.jpg',
    'deep/e.pdf',
    'deep/er/d.jpg',
  ]);
});

test('a bucket without versions is refused unless told', async () => {
  const place = await createSyncPlace(services, { versioning: false });
  await place.write('a', 'a');
  expect((await place.sync()).failure?.message).toContain('keeps no versions');
  await place.client.send(
    new PutBucketVersioningCommand({
      Bucket: place.bucket,
      VersioningConfiguration: { Status: 'Suspended' },
    }),
  );
  expect((await place.sync()).failure).toMatchObject({ code: 'target-refused' });
  expect(await place.contents()).toEqual({});
  expect((await place.sync({ 'allow-unversioned': true })).sync.uploaded).toBe(1);
});

describe('while it runs', () => {
  test('a large file that changes is tried once more and then told; no half of it becomes a version', async () => {
    const place = await createSyncPlace(services);
    const proxy = await startFaultProxy(services.s3.endpoint);
    onTestFinished(() => proxy.stop());
    const path = join(place.folder, 'large');
    // Sparse: bytes that nobody wrote are zeros in the object.
    await place.write('large', 'begin');
    // More parts than are read before the first of them is stored.
    await truncate(path, 5 * basePartSize());
    await place.write('small', 'small');
    let changes = 0;
    const grow = setInterval(() => {
      if (proxy.seen.some(({ method, url }) => method === 'PUT' && url.includes('partNumber=1')))
        void appendFile(path, 'more').then(() => (changes += 1));
    }, 5);
    onTestFinished(() => {
      clearInterval(grow);
    });
    proxy.inject({ kind: 'delay', ms: 500, method: 'PUT', url: /partNumber=/ });
    const { sync, failure } = await place.sync({}, { endpoint: proxy.endpoint });
    clearInterval(grow);
    expect(changes).toBeGreaterThan(0);
    expect(failure?.message).toContain('large changes while it is read');
    expect(sync).toMatchObject({ uploaded: 1, failed: 1 });
    expect(Object.keys(await place.contents())).toEqual(['small']);
    const left = await place.client.send(new ListMultipartUploadsCommand({ Bucket: place.bucket }));
    expect(left.Uploads ?? []).toEqual([]);
    const settled = await place.sync();
    expect(settled.sync).toMatchObject({ uploaded: 1, unchanged: 1 });
    expect((await place.contents())['large']).toBe(sha256(await readFile(path)));
  });

  test('a run that is ended, and a store that fails, are gone on with by the next', async () => {
    const place = await createSyncPlace(services);
    for (let index = 0; index < 60; index += 1)
      await place.write(`photo ${String(index)}`, `photo ${String(index)}`);
    const proxy = await startFaultProxy(services.s3.endpoint);
    onTestFinished(() => proxy.stop());
    const end = new AbortController();
    const reason = new Error('SIGTERM');
    proxy.inject({ kind: 'hang', method: 'PUT', url: /photo%205\d/ });
    const watch = setInterval(() => {
      if (proxy.seen.filter(({ url }) => /photo%205\d/.test(url)).length >= 3) end.abort(reason);
    }, 5);
    onTestFinished(() => {
      clearInterval(watch);
    });
    await expect(place.sync({}, { endpoint: proxy.endpoint, signal: end.signal })).rejects.toBe(reason);
    const before = Object.keys(await place.contents()).length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(60);
    proxy.clear();
    proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /photo%2059/ });
    const denied = await place.sync({ concurrency: 1 }, { endpoint: proxy.endpoint });
    expect(denied.failure).toMatchObject({ code: 'repository-denied' });
    expect(denied.sync.uploaded).toBeGreaterThan(0);
    const last = await place.sync();
    expect(last.sync.uploaded + last.sync.unchanged).toBe(60);
    expect(last.sync.uploaded).toBeLessThan(60 - before);
    const versions = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(versions.Versions).toHaveLength(60);
    await rename(join(place.folder, 'photo 1'), join(place.folder, 'photo 1 renamed'));
    expect((await place.sync({ delete: true })).sync).toMatchObject({
      uploaded: 1,
      deleted: 1,
      unchanged: 59,
    });
  });

  test('a run that is ended while an answer is lost leaves the new version, and hides nothing', async () => {
    const place = await createSyncPlace(services);
    await place.write('photo', 'old');
    await place.sync();
    await place.write('photo', 'new');
    const proxy = await startFaultProxy(services.s3.endpoint);
    onTestFinished(() => proxy.stop());
    const end = new AbortController();
    const reason = new Error('SIGTERM');
    const struck = proxy.inject({ kind: 'lose-answer', method: 'PUT', url: /photo/ });
    // When it is sent again, the store has done the first.
    const watch = setInterval(() => {
      if (struck() >= 2) end.abort(reason);
    }, 5);
    onTestFinished(() => {
      clearInterval(watch);
    });
    await expect(place.sync({}, { endpoint: proxy.endpoint, signal: end.signal })).rejects.toBe(reason);
    expect(await place.contents()).toEqual({ photo: sha256('new') });
    expect((await place.sync()).sync).toMatchObject({ uploaded: 0, unchanged: 1 });
  });
});

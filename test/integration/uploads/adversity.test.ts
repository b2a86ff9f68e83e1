import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { bringBack } from '../../../src/uploads/archived.ts';
import { isCopyOf } from '../../../src/uploads/copy-of.ts';
import { copyVersion } from '../../../src/s3/copy.ts';
import { headVersion } from '../../../src/s3/object.ts';
import { latestOf, listVersions, versionPages, type ObjectVersion } from '../../../src/s3/versions.ts';
import { isSameObject } from '../../../src/uploads/same-object.ts';
import { openUploads } from '../../../src/uploads/uploads-store.ts';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { emptyAndRemoveBucket, createBucket, s3Client } from '../../services/bucket.ts';
import { steppedClock } from '../../fixtures/stepped-clock.ts';
import { startFaultProxy, type FaultProxy } from '../../services/fault-proxy.ts';
import { attempt } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let proxy: FaultProxy;
let uploads: UploadsGround;
let root: string;
const never = new AbortController().signal;

beforeEach(async () => {
  proxy = await startFaultProxy(services.s3.endpoint);
  uploads = await createUploads(services, proxy.endpoint);
  root = await mkdtemp(join(tmpdir(), 'run-plan-kept-'));
});

afterEach(async () => {
  await proxy.stop();
  await uploads.remove();
  await rm(root, { recursive: true, force: true });
});

async function restore(
  run: string,
  parameters: UploadsRestoreParameters,
  onPhase?: (text: string) => void,
): ReturnType<typeof attempt> {
  const kept = join(root, run, 'step');
  await mkdir(kept, { recursive: true });
  return attempt(uploadsRestore, parameters, {
    environment: uploads.environment,
    repository: noRepository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    runId: run,
    clock: steppedClock(),
    kept,
    ...(onPhase !== undefined && { onPhase }),
  });
}

async function versions(): Promise<readonly { readonly Key?: string | undefined; readonly at: number }[]> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  return (page.Versions ?? []).map(({ Key, LastModified }) => ({ Key, at: LastModified?.getTime() ?? 0 }));
}

/** Keys of two versions each; gives the instant of the first ones. */
async function twoVersionsEach(keys: readonly string[]): Promise<string> {
  for (const key of keys) await uploads.put(key, `first ${key}`);
  const at = Math.max(...(await versions()).map((one) => one.at));
  for (const key of keys) await uploads.put(key, `second ${key}!`);
  return new Date(at).toISOString();
}

function firsts(keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, `first ${key}`]));
}

test('keys that the store refuses are named, the others are restored, and the next run does those alone', async () => {
  const keys = ['a', 'b', 'c', 'denied', 'e'];
  const at = await twoVersionsEach(keys);
  proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /\/denied\?/ });
  const failure: unknown = await restore('run-1', { at }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'repository-denied',
    message: expect.stringContaining('refused 1 key: "denied"') as string,
    facts: { uploads: { promoted: 4 } },
  });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ ...firsts(keys), denied: 'second denied!' });
  proxy.clear();
  const second = await restore('run-2', { at });
  expect(second.result.facts?.['uploads']).toMatchObject({ promoted: 1, already: 4 });
  expect(Object.fromEntries(await uploads.contents())).toEqual(firsts(keys));
});

test('a store that asks for less is given less, and everything is restored', async () => {
  const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
  const at = await twoVersionsEach(keys);
  const struck = proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', method: 'PUT', header: 'x-amz-copy-source', times: 20 }); // prettier-ignore
  const { said } = await restore('run-1', { at, concurrency: 6 });
  expect(struck()).toBe(20);
  expect(said.notes.some((note) => note.includes('the store asks for less'))).toBe(true);
  expect(Object.fromEntries(await uploads.contents())).toEqual(firsts(keys));
});

test('a run goes on where another was killed: nothing is copied twice, and undoing it undoes both', async () => {
  const keys = ['a', 'b', 'c', 'd'];
  const at = await twoVersionsEach(keys);
  proxy.inject({ kind: 'lose-answer', method: 'PUT', url: /\/c\?/ });
  proxy.inject({ kind: 'answer', status: 501, code: 'NotImplemented', method: 'PUT', url: /\/d\?/ });
  // Ends as a kill does: what was begun on c is done in the store, and its journal does not say so.
  await expect(restore('run-1', { at, concurrency: 1 })).rejects.toThrow();
  proxy.clear();
  const journal = join(root, 'run-1', 'step', 'journal.ndjson');
  // The kill has torn the line that was being written.
  await writeFile(journal, `${await readFile(journal, 'utf8')}{"key":"d","act`);
  const between = (await versions()).filter(({ Key }) => Key === 'a' || Key === 'b').length;
  const second = await restore('run-2', { at });
  expect(second.result.facts?.['uploads']).toMatchObject({ promoted: 1, already: 3, continued: 2 });
  expect((await versions()).filter(({ Key }) => Key === 'a' || Key === 'b')).toHaveLength(between);
  expect(Object.fromEntries(await uploads.contents())).toEqual(firsts(keys));
  await restore('run-3', { undo: second.result.outputs?.['changes'] ?? '' });
  const undone = Object.fromEntries(keys.map((key) => [key, `second ${key}!`]));
  expect(Object.fromEntries(await uploads.contents())).toEqual(undone);
});

test('keys that somebody writes during the restore are named', async () => {
  const keys = ['a', 'b'];
  const at = await twoVersionsEach(keys);
  const writes: Promise<unknown>[] = [];
  const failure: unknown = await restore('run-1', { at }, (phase) => {
    if (phase !== 'looking at the result') return;
    const write = uploads.put('b', 'third');
    writes.push(write);
    proxy.inject({ kind: 'hold', until: write, url: /versions/ });
  }).catch((error: unknown) => error);
  await Promise.all(writes);
  expect(failure).toMatchObject({
    code: 'check-failed',
    message: expect.stringContaining('1 key is not as then') as string,
  });
});

test('another bucket gets copies of what was there, and what lies there is not overwritten', async () => {
  const keys = ['a', 'sub/ü b'];
  const at = await twoVersionsEach(keys);
  await uploads.put('born later', 'new');
  const bucket = await createBucket(services);
  try {
    const into = { bucket, prefix: 'then' };
    const { result } = await restore('run-1', { at, into });
    expect(result.facts?.['uploads']).toMatchObject({ copied: 2, hidden: 0 });
    const client = s3Client(services);
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'then/sub/ü b' }));
    expect(await Body?.transformToString()).toBe('first sub/ü b');
    client.destroy();
    expect((await restore('run-2', { at, into })).result.facts?.['uploads']).toMatchObject({
      copied: 0,
      already: 2,
    });
    const now = new Date(Math.max(...(await versions()).map((one) => one.at))).toISOString();
    await expect(restore('run-3', { at: now, into })).rejects.toMatchObject({
      message: expect.stringContaining('refused 2 keys') as string,
    });
    expect((await uploads.contents()).get('a')).toBe('second a!');
  } finally {
    await emptyAndRemoveBucket(services, bucket);
  }
});

test.each([
  ['', {}],
  [' that is encrypted with a key', { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: services.s3.kmsKey }],
])(
  'a large object%s is copied in parts, with all that it has, and is known as a copy afterwards',
  async (_, encryption) => {
    const MiB = 1024 * 1024;
    const body = Buffer.alloc(12 * MiB, 'photo').toString('latin1');
    await uploads.put('large', body, {
      ContentType: 'image/tiff',
      Metadata: { by: 'anna' },
      Tagging: 'kind=plan',
      ...encryption,
    });
    const store = await openUploads(uploads.environment, uploads.secrets);
    try {
      const source = await latestOf(store, 'large', never);
      if (source === undefined) throw new Error('it was put');
      await uploads.put('large', 'small');
      const head = await headVersion(store, 'large', source.versionId, never);
      const options = { limits: { singleBytes: 5 * MiB, partBytes: 5 * MiB }, signal: never };
      const made = await copyVersion(store, source, store, head, options);
      const now = await uploads.client.send(new HeadObjectCommand({ Bucket: uploads.bucket, Key: 'large' }));
      expect(now).toMatchObject({
        VersionId: made,
        ContentLength: 12 * MiB,
        ContentType: 'image/tiff',
        ...encryption,
      });
      expect(now.Metadata?.['by']).toBe('anna');
      expect((await uploads.contents()).get('large') === body).toBe(true);
      const tags = await uploads.client.send(
        new GetObjectTaggingCommand({ Bucket: uploads.bucket, Key: 'large' }),
      );
      expect(tags.TagSet).toEqual([{ Key: 'kind', Value: 'plan' }]);
      const wanted = { versionId: source.versionId, head };
      expect(await isSameObject(store, 'large', { versionId: made ?? '' }, wanted, never)).toBe(true);
      // A copy in parts has another ETag: the mark tells.
      const copy = await latestOf(store, 'large', never);
      if (copy === undefined) throw new Error('it was copied');
      expect(copy.etag).not.toBe(source.etag);
      const look = { store, signal: never };
      expect(await isCopyOf(look, copy, source)).toBe(true);
      expect(await isCopyOf(look, copy, { ...source, versionId: 'another' })).toBe(false);
    } finally {
      store.close();
    }
  },
);

test('pages of any size list the same, and of one second the order of the answer counts', async () => {
  await twoVersionsEach(['a', 'line\nbreak', 'ü', 'x y+z']);
  await uploads.hide('ü');
  const store = await openUploads(uploads.environment, uploads.secrets);
  try {
    const list = async (size: number): Promise<string[]> => {
      const found: string[] = [];
      for await (const each of listVersions(versionPages(store, '', never, size)))
        found.push(`${each.key} ${each.kind} ${each.versionId}`);
      return found;
    };
    const whole = await list(1000);
    expect(whole).toHaveLength(9);
    for (const size of [1, 2, 3, 4]) expect(await list(size)).toEqual(whole);
    const entry = (name: string, id: string, latest: boolean): string =>
      `<${name}><Key>k</Key><VersionId>${id}</VersionId><IsLatest>${String(latest)}</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified></${name}>`;
    // A recorded wire fake of Amazon's answer, whose times are whole seconds.
    const body = `<?xml version="1.0"?><ListVersionsResult><IsTruncated>false</IsTruncated>${entry('Version', 'v3', true)}${entry('DeleteMarker', 'v2', false)}${entry('Version', 'v1', false)}</ListVersionsResult>`;
    proxy.inject({ kind: 'answer', status: 200, body, url: /versions/ });
    expect(await list(1000)).toEqual(['k object v3', 'k marker v2', 'k object v1']);
  } finally {
    store.close();
  }
});

test('archived versions are requested back, waited for, and told', async () => {
  await uploads.put('old', 'x');
  const store = await openUploads(uploads.environment, uploads.secrets);
  const archived: ObjectVersion = { key: 'old', versionId: 'v', kind: 'object', at: 0, latest: true, bytes: 1, etag: '', storageClass: 'GLACIER' }; // prettier-ignore
  const source = async function* (): AsyncGenerator<ObjectVersion> {
    await Promise.resolve();
    yield archived;
  };
  const headers = (restored?: string): Record<string, string> => ({
    'x-amz-storage-class': 'GLACIER',
    ...(restored !== undefined && { 'x-amz-restore': restored }),
  });
  // A wire fake of Amazon's answers: the gateway has no archived classes.
  const answer = (times: number, restored?: string): unknown => proxy.inject({ kind: 'answer', status: 200, body: '', method: 'HEAD', headers: headers(restored), times }); // prettier-ignore
  const requested = proxy.inject({ kind: 'answer', status: 202, body: '', method: 'POST', url: /restore/ });
  const notes: string[] = [];
  const report = {
    phase: () => undefined,
    note: (text: string) => void notes.push(text),
    warn: () => undefined,
  };
  let slept = 0;
  const clock = { ...systemClock, sleep: (ms: number) => ((slept += ms), Promise.resolve()) };
  const options = { store, lanes: 2, clock, signal: never, report, tier: 'standard' as const };
  try {
    answer(1);
    await expect(bringBack(source, { ...options, waitMs: undefined })).rejects.toThrow(/1 archived version was requested back \(standard: 3 to 5 hours/); // prettier-ignore
    answer(1, 'ongoing-request="true"');
    answer(1, 'ongoing-request="false", expiry-date="Fri, 21 Dec 2029 00:00:00 GMT"');
    await bringBack(source, { ...options, waitMs: 3_600_000 });
    expect(requested()).toBe(1);
    expect(slept).toBe(300_000);
    expect(notes).toHaveLength(1);
  } finally {
    store.close();
  }
});

test('a denial by the bucket itself says what is missing', async () => {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:ListBucketVersions', Resource: `arn:aws:s3:::${uploads.bucket}` }],
  }); // prettier-ignore
  await uploads.put('a', 'x');
  await uploads.client.send(new PutBucketPolicyCommand({ Bucket: uploads.bucket, Policy }));
  const failure: unknown = await restore('run-1', { at: '2026-01-01' }).catch((error: unknown) => error);
  await uploads.client.send(
    new PutBucketPolicyCommand({ Bucket: uploads.bucket, Policy: Policy.replace('Deny', 'Allow') }),
  );
  expect(failure).toMatchObject({ hint: expect.stringContaining('s3:ListBucketVersions') as string });
  expect(dirname(root)).toBe(tmpdir());
});

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectAclCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectAclCommand,
  PutObjectLegalHoldCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { until } from '../../fixtures/until.ts';
import { createBucket, emptyAndRemoveBucket } from '../../services/bucket.ts';
import { startFaultProxy, type FaultProxy } from '../../services/fault-proxy.ts';
import { s3Location } from '../../services/repository.ts';
import { attempt } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let proxy: FaultProxy;
let uploads: UploadsGround;
let root: string;

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
  bucket = uploads.bucket,
  signal?: AbortSignal,
): ReturnType<typeof attempt> {
  const kept = join(root, run, 'step');
  await mkdir(kept, { recursive: true });
  const location = { ...s3Location(services, bucket, ''), endpoint: proxy.endpoint };
  return attempt(uploadsRestore, parameters, {
    environment: { ...uploads.environment, uploads: { store: { kind: 's3', s3: location } } },
    repository: noRepository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    runId: run,
    kept,
    ...(signal !== undefined && { signal }),
  });
}

async function now(bucket = uploads.bucket): Promise<string> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const times = (page.Versions ?? []).map(({ LastModified }) => LastModified?.getTime() ?? 0);
  return new Date(Math.max(...times)).toISOString();
}

/** Grants of what is current, besides its owner's. */
async function grants(Key: string, Bucket = uploads.bucket): Promise<readonly string[]> {
  const { Grants = [], Owner } = await uploads.client.send(new GetObjectAclCommand({ Bucket, Key }));
  return Grants.filter(({ Grantee }) => Grantee?.ID !== Owner?.ID).map(
    ({ Grantee, Permission }) => `${Permission ?? ''} ${Grantee?.URI?.split('/').at(-1) ?? ''}`,
  );
}

test('each version comes back with its ACL, an undo puts the later one back, and what is so already stays', async () => {
  await uploads.put('public', 'first', { ACL: 'public-read' });
  await uploads.put('members', 'first', { ACL: 'authenticated-read' });
  await uploads.put('private', 'first');
  const at = await now();
  await uploads.put('public', 'other');
  await uploads.put('members', 'other', { ACL: 'public-read' });
  await uploads.put('private', 'other', { ACL: 'public-read' });

  const { result, said } = await restore('run-1', { at });
  expect(said.warnings).toEqual([]);
  expect(said.notes.join()).toContain('all 3 keys are as they were then, with the ACLs of 2 keys');
  expect(result.facts?.['uploads']).toMatchObject({ promoted: 3, access: { acls: 2, lost: 0 } });
  expect(await grants('public')).toEqual(['READ AllUsers']);
  expect(await grants('members')).toEqual(['READ AuthenticatedUsers']);
  expect(await grants('private')).toEqual([]);

  const again = await restore('run-2', { at });
  expect(again.result.facts?.['uploads']).toMatchObject({ promoted: 0, already: 3 });

  await restore('run-3', { undo: 'run-1' });
  expect(await grants('public')).toEqual([]);
  expect(await grants('members')).toEqual(['READ AllUsers']);
  expect(await grants('private')).toEqual(['READ AllUsers']);
});

test('a copy that an earlier restore has left without its ACL is made again', async () => {
  await uploads.put('public', 'first', { ACL: 'public-read' });
  const at = await now();
  await uploads.put('public', 'other');
  await restore('run-1', { at });
  await uploads.client.send(
    new PutObjectAclCommand({ Bucket: uploads.bucket, Key: 'public', ACL: 'private' }),
  );
  const { result } = await restore('run-2', { at });
  expect(result.facts?.['uploads']).toMatchObject({ promoted: 1, already: 0 });
  expect(await grants('public')).toEqual(['READ AllUsers']);
});

test('ACLs are asked of what is promoted, and of nothing else', async () => {
  await uploads.put('changed', 'first');
  await uploads.put('unchanged', 'first', { ACL: 'public-read' });
  const at = await now();
  await uploads.put('changed', 'other');
  proxy.clear();
  await restore('run-1', { at });
  const asked = proxy.seen.filter(({ url }) => /[?&]acl\b/.test(url)).map(({ url }) => url.split('?')[0]);
  expect(asked).toEqual([`/${uploads.bucket}/changed`]);
  expect(await grants('unchanged')).toEqual(['READ AllUsers']);
});

test('a store without ACLs is told of, and asked once', async () => {
  for (const key of ['a', 'b', 'c']) await uploads.put(key, 'first');
  const at = await now();
  for (const key of ['a', 'b', 'c']) await uploads.put(key, 'other');
  const struck = proxy.inject({ kind: 'answer', status: 501, code: 'NotImplemented', url: /[?&]acl\b/ });
  const { said, result } = await restore('run-1', { at, concurrency: 1 });
  expect(struck()).toBe(1);
  expect(said.notes.join()).toContain(
    'all 3 keys are as they were then, but for ACLs, which the store does not have',
  );
  expect(result.facts?.['uploads']).toMatchObject({ access: { lacks: true } });
});

test('an ACL that the store refuses, or that may not be read, is told by key, and the object is there', async () => {
  await uploads.put('hidden', 'first');
  await uploads.put('public', 'first', { ACL: 'public-read' });
  const at = await now();
  await uploads.put('public', 'other');
  await uploads.put('hidden', 'other');
  proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /[?&]acl\b/ });
  proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'GET', url: /hidden\?.*acl\b/ });
  const { said } = await restore('run-1', { at });
  expect(said.warnings).toEqual([
    expect.stringContaining(
      '1 copy lacks the ACL, the retention or the legal hold that the version had: "public":',
    ),
    expect.stringContaining('the ACLs of 1 version may not be read'),
  ]);
  expect(said.notes.join()).toContain(
    'as they were then, but for 1 ACL or lock that the store refused and 1 ACL that may not be read',
  );
  expect(Object.fromEntries(await uploads.contents())).toEqual({ public: 'first', hidden: 'first' });
});

test('a bucket that gives everything to its owner has no ACLs, and none is asked for', async () => {
  await uploads.put('a', 'first');
  const at = await now();
  await uploads.put('a', 'other');
  // The gateway does not know it; this is Amazon's answer.
  proxy.inject({
    kind: 'answer',
    status: 200,
    url: /ownershipControls/,
    body: '<OwnershipControls xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>',
    headers: { 'content-type': 'application/xml' },
  });
  const { said } = await restore('run-1', { at });
  expect(said.notes.join()).toContain('the key is as it was then');
  expect(said.notes.join()).not.toContain('ACL');
  expect(proxy.seen.some(({ url }) => /[?&]acl\b/.test(url))).toBe(false);
});

/** A bucket with object lock of one test's own; everything in it goes with the test. */
async function lockedBucket(): Promise<string> {
  const bucket = `${uploads.bucket}-locked`;
  const { client } = uploads;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  onTestFinished(async () => {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      const place = { Bucket: bucket, Key, VersionId };
      await client.send(new PutObjectLegalHoldCommand({ ...place, LegalHold: { Status: 'OFF' } }));
      await client.send(new DeleteObjectCommand({ ...place, BypassGovernanceRetention: true }));
    }
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  });
  return bucket;
}

const hourMs = 3_600_000;

function inHours(hours: number): Date {
  return new Date(Math.ceil(Date.now() / 1000) * 1000 + hours * hourMs);
}

test('retentions that are still to come and legal holds are on the copies', async () => {
  const bucket = await lockedBucket();
  const end = inHours(1);
  const put = (key: string, body: string, more = {}): Promise<void> =>
    uploads.put(key, body, { Bucket: bucket, ...more });
  await put('retained', 'first', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: end });
  await put('held', 'first', { ObjectLockLegalHoldStatus: 'ON' });
  await put('free', 'first');
  const at = await now(bucket);
  for (const key of ['retained', 'held', 'free']) await put(key, 'other');
  const { said } = await restore('run-1', { at }, bucket);
  expect(said.warnings).toEqual([]);
  expect(said.notes.join()).toContain('as they were then, with the locks of 2 keys');
  const head = (Key: string) => uploads.client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
  expect(await head('retained')).toMatchObject({
    ContentLength: 5,
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: end,
  });
  expect(await head('held')).toMatchObject({ ContentLength: 5, ObjectLockLegalHoldStatus: 'ON' });
  expect((await head('free')).ObjectLockMode).toBeUndefined();
});

test('a copy that a store makes without its lock, as Amazon does, is locked; a longer retention stays', async () => {
  const bucket = await lockedBucket();
  const more = {
    ...{ Bucket: bucket, ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inHours(1) },
    ObjectLockLegalHoldStatus: 'ON',
  };
  for (const key of ['bare', 'longer']) await uploads.put(key, 'first', more);
  const at = await now(bucket);
  const { Versions = [] } = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  const made = (key: string): RegExp => {
    const source = Versions.find(({ Key }) => Key === key)?.VersionId ?? '';
    return new RegExp(`/${key}\\?(?!.*${source.replaceAll('.', '[.]')})(?=.*versionId=)`);
  };
  for (const key of ['bare', 'longer']) await uploads.put(key, 'other', { Bucket: bucket });
  // What Amazon says of a copy: of one in a bucket without a retention of its own, and with a longer one.
  const plain = { 'content-length': '5', 'last-modified': new Date().toUTCString(), etag: '"x"' };
  const head = { kind: 'answer', status: 200, body: '', method: 'HEAD' } as const;
  proxy.inject({ ...head, url: made('bare'), headers: plain, times: 1 });
  const longer = {
    ...{ ...plain, 'x-amz-object-lock-mode': 'COMPLIANCE', 'x-amz-object-lock-legal-hold': 'ON' },
    'x-amz-object-lock-retain-until-date': inHours(2).toISOString(),
  };
  proxy.inject({ ...head, url: made('longer'), headers: longer });
  const { said } = await restore('run-1', { at }, bucket);
  expect(said.warnings).toEqual([]);
  const locked = proxy.seen
    .filter(({ method, url }) => method === 'PUT' && /retention|legal-hold/.test(url))
    .map(({ url }) => /([a-z]+)\?([a-z-]+)/.exec(url)?.slice(1).join(' '));
  expect(locked).toEqual(['bare retention', 'bare legal-hold']);
});

test('an undo that broke off between a copy and its ACL is gone on with, ACL included', async () => {
  await uploads.put('photo', 'first');
  const at = await now();
  await uploads.put('photo', 'other', { ACL: 'public-read' });
  await restore('run-1', { at });
  const stop = new AbortController();
  proxy.inject({ kind: 'hang', method: 'PUT', url: /[?&]acl\b/, times: 1 });
  const undoing = restore('run-2', { undo: 'run-1' }, uploads.bucket, stop.signal);
  const ended = expect(undoing).rejects.toThrow('stopped');
  await until('the ACL is being put', () =>
    Promise.resolve(proxy.seen.some(({ method, url }) => method === 'PUT' && /[?&]acl\b/.test(url))),
  );
  stop.abort(new Error('stopped'));
  await ended;
  await restore('run-2', { undo: 'run-1' });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ photo: 'other' });
  expect(await grants('photo')).toEqual(['READ AllUsers']);
});

test('copies into another bucket have the ACLs too', async () => {
  await uploads.put('public', 'first', { ACL: 'public-read' });
  const at = await now();
  const other = await createBucket(services, { versioning: true });
  onTestFinished(() => emptyAndRemoveBucket(services, other));
  const { said } = await restore('run-1', { at, into: { bucket: other } });
  expect(said.warnings).toEqual([]);
  expect(await grants('public', other)).toEqual(['READ AllUsers']);
  const again = await restore('run-2', { at, into: { bucket: other } });
  expect(again.result.facts?.['uploads']).toMatchObject({ copied: 0, already: 1 });
});

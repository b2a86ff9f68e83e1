import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectAclCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectLegalHoldCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
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

test('retentions that are still to come and legal holds are on the copies, and none is shortened', async () => {
  const bucket = `${uploads.bucket}-locked`;
  const { client } = uploads;
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  try {
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
    const put = (key: string, body: string, more = {}): Promise<void> =>
      uploads.put(key, body, { Bucket: bucket, ...more });
    await put('retained', 'first', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until });
    await put('held', 'first', { ObjectLockLegalHoldStatus: 'ON' });
    await put('free', 'first');
    const at = await now(bucket);
    for (const key of ['retained', 'held', 'free']) await put(key, 'other');
    const { said } = await restore('run-1', { at }, bucket);
    expect(said.warnings).toEqual([]);
    expect(said.notes.join()).toContain('as they were then, with the locks of 2 keys');
    const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    expect(await head('retained')).toMatchObject({
      ContentLength: 5,
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: until,
    });
    expect(await head('held')).toMatchObject({ ContentLength: 5, ObjectLockLegalHoldStatus: 'ON' });
    const free = await head('free');
    expect(free.ObjectLockMode).toBeUndefined();
  } finally {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      await client
        .send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key, VersionId, LegalHold: { Status: 'OFF' } }))
        .catch(() => undefined);
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }),
      );
    }
  }
});

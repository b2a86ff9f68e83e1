import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { startFaultProxy, type FaultProxy } from '../../services/fault-proxy.ts';
import { attempt } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
const dayMs = 86_400_000;
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

async function restore(run: string, parameters: UploadsRestoreParameters): ReturnType<typeof attempt> {
  const kept = join(root, run, 'step');
  await mkdir(kept, { recursive: true });
  return attempt(uploadsRestore, parameters, {
    environment: uploads.environment,
    repository: noRepository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    runId: run,
    kept,
  });
}

async function now(): Promise<string> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  const times = (page.Versions ?? []).map(({ LastModified }) => LastModified?.getTime() ?? 0);
  return new Date(Math.max(...times)).toISOString();
}

async function describe(key: string): Promise<object> {
  const place = { Bucket: uploads.bucket, Key: key };
  const head = await uploads.client.send(new HeadObjectCommand(place));
  const { TagSet = [] } = await uploads.client.send(new GetObjectTaggingCommand(place));
  const { by } = head.Metadata ?? {};
  const { ServerSideEncryption, SSEKMSKeyId, StorageClass = 'STANDARD', ContentType, CacheControl } = head;
  const { ContentDisposition, ContentLanguage, ContentEncoding, ExpiresString } = head;
  return { by, tags: TagSet, ServerSideEncryption, SSEKMSKeyId, StorageClass, ContentType, CacheControl, ContentDisposition, ContentLanguage, ContentEncoding, ExpiresString }; // prettier-ignore
}

const attributes = {
  ContentType: 'image/png',
  CacheControl: 'no-store',
  ContentDisposition: 'attachment; filename="plan.png"',
  ContentLanguage: 'de',
  Metadata: { by: 'anna' },
  Tagging: 'kind=plan&paid=no%20yet',
  StorageClass: 'STANDARD_IA',
};

/** What only this store's way of encrypting can show: its key is in the services. */
const encrypted = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: services.s3.kmsKey };

test('encryption with a key of KMS, class, tags and metadata come back; the copy is known, undone and redone', async () => {
  await uploads.put('secret', 'first', { ...attributes, ...encrypted });
  await uploads.put('plain', 'first', attributes);
  const at = await now();
  const then = { secret: await describe('secret'), plain: await describe('plain') };
  expect(then.secret).toMatchObject(encrypted);
  expect(then.plain).toMatchObject({ ServerSideEncryption: undefined, StorageClass: 'STANDARD_IA' });
  await uploads.put('secret', 'other', { ContentType: 'text/plain' });
  await uploads.put('plain', 'other', { ...encrypted, Tagging: 'kind=none' });
  const later = { secret: await describe('secret'), plain: await describe('plain') };

  const { result } = await restore('run-1', { at });
  expect(result.facts?.['uploads']).toMatchObject({ promoted: 2, wrong: { count: 0 } });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ secret: 'first', plain: 'first' });
  expect({ secret: await describe('secret'), plain: await describe('plain') }).toEqual(then);

  const again = await restore('run-2', { at });
  expect(again.result.facts?.['uploads']).toMatchObject({ promoted: 0, already: 2 });

  await restore('run-3', { undo: 'run-1' });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ secret: 'other', plain: 'other' });
  expect({ secret: await describe('secret'), plain: await describe('plain') }).toEqual(later);
  const twice = await restore('run-4', { undo: 'run-1' });
  expect(twice.result.facts?.['uploads']).toMatchObject({ promoted: 0, already: 2 });
});

test('a version of an archived class is found first, and comes back where the application can read it', async () => {
  await uploads.put('old', 'first', { StorageClass: 'GLACIER' });
  const at = await now();
  await uploads.put('old', 'other');
  const dry = await restore('run-1', { at, 'dry-run': true });
  expect(dry.result.facts?.['uploads']).toMatchObject({ survey: { archived: { keys: 1, bytes: 5 } } });
  const { said } = await restore('run-2', { at });
  // This gateway has the class by name alone, and nothing to request.
  expect(said.warnings).toEqual([
    'the store knows no requests for archived objects: 1 version is copied as it lies there',
  ]);
  expect(Object.fromEntries(await uploads.contents())).toEqual({ old: 'first' });
  expect(await describe('old')).toMatchObject({ StorageClass: 'STANDARD' });
});

test('a promotion is one look and one copy, whatever the store tells of what it made', async () => {
  const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  for (const key of keys) await uploads.put(key, 'first');
  const at = await now();
  for (const key of keys) await uploads.put(key, 'other');
  proxy.clear();
  await restore('run-1', { at });
  const count = (method: string): number =>
    proxy.seen.filter(({ method: seen, url }) => seen === method && url.includes('/key-')).length;
  expect({ heads: count('HEAD'), copies: count('PUT') }).toEqual({ heads: keys.length, copies: keys.length });
});

test('an instant that versions may have expired since is told', async () => {
  const expire = (days: number): Promise<unknown> =>
    uploads.client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: uploads.bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix: '' }, NoncurrentVersionExpiration: { NoncurrentDays: days } }], // prettier-ignore
        },
      }),
    );
  await expire(30);
  await uploads.put('a', 'first');
  const at = await now();
  await uploads.put('a', 'second');
  const told = 'versions of this bucket may expire 30d after they are replaced, and the instant is older';
  const young = await restore('run-1', { at, 'dry-run': true });
  expect(young.said.warnings).toEqual([]);
  const old = new Date(Date.parse(at) - 31 * dayMs).toISOString();
  const aged = await restore('run-2', { at: old, 'dry-run': true, prefix: 'a' });
  expect(aged.said.warnings).toEqual([expect.stringContaining(told)]);
});

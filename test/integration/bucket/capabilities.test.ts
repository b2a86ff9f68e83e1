import { CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openGroundNotes } from '../../../src/bucket/capability/ground-notes.ts';
import { groundPrefix } from '../../../src/bucket/capability/ground.ts';
import { probeStore, type ProbeOptions } from '../../../src/bucket/capability/probe-store.ts';
import { until } from '../../fixtures/until.ts';
import { s3Client } from '../../services/bucket.ts';
import { startFaultProxy } from '../../services/fault-proxy.ts';
import { locationOf, s3Secrets } from './wishes.ts';

const services = inject('services');
const secrets = s3Secrets(services);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-capabilities-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function grounds(): Promise<readonly string[]> {
  const client = s3Client(services);
  try {
    const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
    return Buckets.flatMap(({ Name = '' }) => (Name.startsWith(groundPrefix) ? [Name] : []));
  } finally {
    client.destroy();
  }
}

function probe(endpoint = services.s3.endpoint, options: Partial<ProbeOptions> = {}) {
  return probeStore(locationOf(services, 'anything', endpoint), secrets, {
    kmsKey: services.s3.kmsKey,
    notes: openGroundNotes(folder),
    signal: AbortSignal.timeout(60_000),
    ...options,
  });
}

test('a store is probed in buckets of the probe, and nothing is left of them', async () => {
  const found = await probe();
  const states = Object.fromEntries(found.map(({ name, state }) => [name, state]));
  expect(Object.keys(states)).toHaveLength(18);
  expect(states).toMatchObject({
    versioning: 'yes',
    'object-lock': 'yes',
    'content-md5': 'yes',
    'lifecycle-transitions': 'yes',
    'lifecycle-noncurrent': 'yes',
    'lifecycle-tags': 'yes',
    'lifecycle-unfinished-uploads': 'yes',
  });
  if (services.s3.flavour === 'ceph') {
    // What Ceph 16 was measured to lack.
    expect(Object.keys(states).filter((name) => states[name] === 'no')).toEqual([
      'default-encryption-aes256',
      'default-encryption-kms',
      'upload-encryption-aes256',
      'public-access-block',
      'checksums',
      'conditional-put',
      'conditional-multipart',
      'lifecycle-keep-newest',
      'lifecycle-sizes',
    ]);
  }
  expect(await grounds()).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
});

test('a probe that is ended removes what it made; what a killed one left is removed by the next', async () => {
  const proxy = await startFaultProxy(services.s3.endpoint);
  const client = s3Client(services);
  try {
    const end = new AbortController();
    const struck = proxy.inject({ kind: 'delay', ms: 0, method: 'PUT', url: /[?&]lifecycle/ });
    const seen = proxy.inject({ kind: 'hang', method: 'GET', url: /[?&]lifecycle/ });
    const probing = probe(proxy.endpoint, { signal: end.signal });
    const ended = expect(probing).rejects.toThrow('enough');
    await until('the probe is at its rules', () => Promise.resolve(struck() > 0 && seen() > 0));
    expect(await grounds()).toHaveLength(1);
    expect(await readdir(folder)).toHaveLength(1);
    end.abort(new Error('enough'));
    await ended;
    expect(await grounds()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);

    const left = `${groundPrefix}0123456789abcdef`;
    await client.send(new CreateBucketCommand({ Bucket: left }));
    await client.send(new PutObjectCommand({ Bucket: left, Key: 'left', Body: 'x' }));
    await writeFile(join(folder, left), '');
    await probe();
    // It may be at work still.
    expect(await grounds()).toEqual([left]);
    await probe(undefined, {
      notes: openGroundNotes(folder, () => new Date(Date.now() + 11 * 60_000)),
    });
    expect(await grounds()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  } finally {
    client.destroy();
    await proxy.stop();
  }
});

test('keys that may make no bucket, and a store that is away, are failures with a hint', async () => {
  const proxy = await startFaultProxy(services.s3.endpoint);
  try {
    proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'PUT', url: /run-plan-probe/ });
    await expect(probe(proxy.endpoint)).rejects.toMatchObject({
      code: 'repository-denied',
      hint: expect.stringContaining('s3:CreateBucket') as string,
    });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await proxy.stop();
  }
  await expect(probe(proxy.endpoint)).rejects.toMatchObject({ code: 'repository-unreachable' });
});

import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Finding } from '../../src/check/check.ts';
import { createBucket, emptyAndRemoveBucket } from '../services/bucket.ts';
import { startS3WireFake, type S3WireFake } from '../services/s3-wire-fake.ts';
import { createWorkspace, secretVariables, type Told, type Workspace } from './workspace.ts';

/** What no real store here has: bucket encryption, keep-newest, sizes and a public access block that works. */
const services = inject('services');

let workspace: Workspace;
let fake: S3WireFake;
let bucket: string;

beforeAll(async () => {
  workspace = await createWorkspace();
  bucket = await createBucket(services);
  fake = await startS3WireFake(services.s3.endpoint);
  await workspace.write(
    'plans/nothing.yaml',
    'description: Nothing\nenvironment: dev\ntimeout: 1m\nsteps: [{ run: "true" }]\n',
  );
});

afterAll(async () => {
  await fake.stop();
  await emptyAndRemoveBucket(services, bucket);
  await workspace.remove();
});

async function declare(encryption: string, isPrivate: boolean, keepNewest = 3): Promise<void> {
  await workspace.write(
    'plans/environments.yaml',
    `environments: { dev: { repository: { folder: "${workspace.repositoryFolder}" } } }
buckets:
  ${bucket}:
    region: ${services.s3.region}
    endpoint: "${fake.endpoint}"
    force-path-style: true
    versioning: true
    encryption: ${encryption}
    block-public-access: ${String(isPrivate)}
    lifecycle:
      - { id: old, noncurrent: { expire-after: 30d, keep-newest: ${String(keepNewest)} } }
      - { id: middling, prefix: scans/, larger-than: 1MB, smaller-than: 5GB, expire-after: 90d }
      - { id: small, tags: { tier: daily }, smaller-than: 128KiB, transition: [{ after: 30d, to: STANDARD_IA }] }
`,
  );
}

function run(...words: readonly string[]): Promise<Told> {
  return workspace.run(words, secretVariables(services));
}

/** Applies what differs; then nothing differs, and a second apply writes nothing. */
async function applyWhole(...flags: readonly string[]): Promise<string> {
  const shown = await run('diff', bucket);
  expect(shown.code, shown.text).toBe(22);
  const applied = await run('apply', bucket, '--yes', ...flags);
  expect(applied.code, applied.text).toBe(0);
  const again = await run('diff', bucket);
  expect(again.code, again.text).toBe(0);
  const before = fake.seen.length;
  expect((await run('apply', bucket, '--yes')).code).toBe(0);
  const later = fake.seen.slice(before).map(({ method }) => method);
  expect(later.length).toBeGreaterThan(3);
  expect(later.filter((method) => method !== 'GET')).toEqual([]);
  return shown.stdout;
}

test('a store that keeps everything as sent gets everything as declared, and once', async () => {
  await declare('{ algorithm: AES256 }', true);
  expect(await applyWhole()).toMatch(/\+ +encryption\.algorithm +- +AES256/);
  expect(fake.kept(bucket, 'encryption')).toContain('<SSEAlgorithm>AES256</SSEAlgorithm>');
  expect(fake.kept(bucket, 'publicAccessBlock')?.match(/>true</g)).toHaveLength(4);
  const rules = fake.kept(bucket, 'lifecycle') ?? '';
  expect(rules).toContain('<NewerNoncurrentVersions>3</NewerNoncurrentVersions>');
  expect(rules).toContain('<ObjectSizeGreaterThan>1000000</ObjectSizeGreaterThan>');
  expect(rules).toContain('<ObjectSizeLessThan>131072</ObjectSizeLessThan>');
  expect(rules).not.toContain('rehearsal');

  await declare('{ algorithm: "aws:kms", key: alias/uploads, bucket-key: true }', true, 5);
  const changed = await applyWhole();
  expect(changed).toMatch(/~ +encryption\.algorithm +AES256 +aws:kms/);
  expect(changed).toMatch(/\+ +encryption\.bucket-key +- +on/);
  expect(changed).toMatch(/~ +lifecycle\.old\.noncurrent\.keep-newest +3 +5/);
  expect(fake.kept(bucket, 'encryption')).toContain('<KMSMasterKeyID>alias/uploads</KMSMasterKeyID>');

  for (const [encryption, isPrivate] of [
    ['{ algorithm: AES256 }', true],
    ['{ algorithm: "aws:kms", key: alias/uploads, bucket-key: true }', false],
  ] as const) {
    await declare(encryption, isPrivate, 5);
    const before = fake.seen.length;
    const refused = await run('apply', bucket, '--yes');
    expect(refused.code, refused.text).toBe(2);
    expect(refused.text).toContain('would be protected less');
    expect(fake.seen.slice(before).filter(({ method }) => method !== 'GET')).toEqual([]);
  }
  await applyWhole('--allow-weaker');
  expect(fake.kept(bucket, 'publicAccessBlock')?.match(/>false</g)).toHaveLength(4);
});

test('doctor sees what such a store can do', async () => {
  await declare('{ algorithm: "aws:kms", key: alias/uploads }', true);
  const told = await run('doctor', '--fresh', '--json');
  expect(told.code, told.text).toBe(0);
  const findings = JSON.parse(told.stdout) as readonly Finding[];
  const said = (name: string): string | undefined => findings.find(({ what }) => what === name)?.found;
  for (const name of ['default-encryption-aes256', 'default-encryption-kms', 'public-access-block'])
    expect(said(name)).toMatch(/^yes/);
  for (const name of ['lifecycle-keep-newest', 'lifecycle-sizes', 'lifecycle-tags'])
    expect(said(name)).toMatch(/^yes/);
});

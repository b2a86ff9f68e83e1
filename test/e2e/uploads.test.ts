import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { startFaultProxy, type FaultProxy } from '../services/fault-proxy.ts';
import { until } from '../fixtures/until.ts';
import { createWorkspace, s3Yaml, secretVariables, type Told, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let proxy: FaultProxy;
let workspace: Workspace;
let bucket: string;
let client: S3Client;

beforeEach(async () => {
  proxy = await startFaultProxy(services.s3.endpoint);
  workspace = await createWorkspace();
  bucket = await createBucket(services, { versioning: true });
  client = s3Client(services);
  const place = s3Yaml(services, bucket, proxy.endpoint);
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    repository: { folder: ${workspace.repositoryFolder} }
    uploads: { s3: ${place} }
  development: { uploads: { folder: ${workspace.folder}/local } }
buckets:
  ${bucket}:
    versioning: true
    tags: { team: platform }
    lifecycle: [{ id: leftovers, abort-incomplete-uploads-after: 7d }]
`,
  );
  const plan = (task: string, parameters: string, more = ''): string =>
    `environment: prod\ntimeout: 10m\n${more}steps: [{ task: ${task}, with: ${parameters} }]\n`;
  await workspace.write('plans/back.yaml', plan('uploads-restore', '{ at: "${parameters.at}", concurrency: 2 }', 'parameters: { at: {} }\n')); // prettier-ignore
  await workspace.write('plans/undo.yaml', plan('uploads-restore', '{ undo: "${parameters.run}", dry-run: "${parameters.dry}" }', 'parameters: { run: {}, dry: { default: false } }\n')); // prettier-ignore
  await workspace.write('plans/sync.yaml', plan('uploads-sync', '{ from: development, delete: true, delete-limit: 50 }')); // prettier-ignore
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  await emptyAndRemoveBucket(services, bucket);
  await workspace.remove();
});

function run(...words: readonly string[]): Promise<Told> {
  return workspace.run(words, variables);
}

async function contents(): Promise<Record<string, string>> {
  const page = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const found: Record<string, string> = {};
  for (const { Key = '' } of page.Contents ?? []) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    found[Key.replace('prod/', '')] = (await Body?.transformToString()) ?? '';
  }
  return found;
}

async function versions(): Promise<readonly { readonly key: string; readonly at: number }[]> {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
  return (page.Versions ?? []).map(({ Key = '', LastModified }) => ({ key: Key, at: LastModified?.getTime() ?? 0 })); // prettier-ignore
}

function copies(): readonly string[] {
  const found = proxy.seen.filter(({ headers }) => headers['x-amz-copy-source'] !== undefined);
  return found.map(({ url }) => /key-\d+/.exec(url)?.[0] ?? url);
}

test('a restore that is killed is gone on with: no key is copied twice, and one undo from elsewhere undoes all', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `key-${String(index).padStart(2, '0')}`);
  const put = (key: string, Body: string): Promise<unknown> =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: `prod/${key}`, Body }));
  for (const key of keys) await put(key, 'then');
  const at = new Date(Math.max(...(await versions()).map((one) => one.at))).toISOString();
  for (const key of keys) await put(key, 'later on');

  // From the eleventh key on the store takes the request and nothing comes of it.
  const struck = proxy.inject({ kind: 'hang', method: 'PUT', url: /key-[12]\d/ });
  const first = workspace.start(['back', '--set', `at=${at}`], variables);
  await until('both lanes wait', () => struck() === 2);
  first.process.kill('SIGKILL');
  await first.ended;
  expect(Object.values(await contents()).filter((text) => text === 'then')).toHaveLength(10);

  proxy.clear();
  const second = await run('back', '--set', `at=${at}`);
  expect(second.code, second.text).toBe(0);
  expect(second.text).toContain('goes on where a run was interrupted: 10 keys had been changed by it');
  expect([...copies()].sort()).toEqual(keys.slice(10));
  expect(new Set(Object.values(await contents()))).toEqual(new Set(['then']));
  expect(await versions()).toHaveLength(3 * keys.length);

  const id = (await workspace.records('back')).at(-1)?.runId ?? '';
  expect(second.text).toContain(`to go back: 'undo: ${id}'`);
  const kept = join(workspace.folder, 'state', 'kept');
  const report = await readFile(join(kept, id, 'uploads-restore', 'changes.ndjson'), 'utf8');
  expect(report.trim().split('\n')).toHaveLength(keys.length);

  // Another host has the repository and not the state folder; what is old on it goes with any run.
  await rm(kept, { recursive: true });
  await mkdir(join(kept, 'old', 'step'), { recursive: true });
  const long = new Date(Date.now() - 91 * 86_400_000);
  for (const path of [join(kept, 'old', 'step'), join(kept, 'old')]) await utimes(path, long, long);
  const dry = await run('undo', '--set', `run=${id}`, '--set', 'dry=true');
  expect(dry.code, dry.text).toBe(0);
  expect(dry.text).toContain(`to undo ${id}/uploads-restore: 30 keys to promote (240 B)`);
  expect(await readdir(kept)).not.toContain('old');
  expect(await versions()).toHaveLength(3 * keys.length);
  const undone = await run('undo', '--set', `run=${id}`);
  expect(undone.code, undone.text).toBe(0);
  expect(new Set(Object.values(await contents()))).toEqual(new Set(['later on']));
});

test('a folder is synced: new and changed files by content, what is gone on request, links and odd names told', async () => {
  const local = join(workspace.folder, 'local');
  await mkdir(join(local, 'orders ü'), { recursive: true });
  const files = { 'a +%.jpg': 'one', 'orders ü/b\n.jpg': 'two', 'same.jpg': 'same' };
  for (const [name, text] of Object.entries(files)) await writeFile(join(local, name), text);
  await symlink('same.jpg', join(local, 'link.jpg'));
  const first = await run('sync');
  expect(first.code, first.text).toBe(0);
  expect(first.text).toContain('3 uploaded (10 B), 0 unchanged, 0 deleted, 1 skipped');
  expect(first.text).toContain('skipped: link.jpg is a symbolic link');
  expect(await contents()).toEqual(files);

  await writeFile(join(local, 'a +%.jpg'), 'ONE');
  await rm(join(local, 'orders ü'), { recursive: true });
  const second = await run('sync');
  expect(second.code, second.text).toBe(0);
  expect(second.text).toContain('1 uploaded (3 B), 1 unchanged, 1 deleted, 1 skipped');
  expect(await contents()).toEqual({ 'a +%.jpg': 'ONE', 'same.jpg': 'same' });
  // Nothing was lost: the deleted one lies under a marker.
  expect((await versions()).map(({ key }) => key)).toContain('prod/orders ü/b\n.jpg');

  const third = await run('sync');
  expect(third.text).toContain('0 uploaded (0 B), 2 unchanged, 0 deleted, 1 skipped');
  expect(third.text).not.toContain('B/s');
  for (const name of ['a +%.jpg', 'same.jpg']) await rm(join(local, name));
  await writeFile(join(local, 'other.jpg'), 'x');
  const emptied = await run('sync');
  expect(emptied.code, emptied.text).toBe(20);
  expect(Object.keys(await contents()).sort()).toEqual(['a +%.jpg', 'other.jpg', 'same.jpg']);
});

test('diff shows a setting that may not be read as such, the others all the same, and is not taken for equal', async () => {
  const Resource = `arn:aws:s3:::${bucket}`;
  const statement = { Effect: 'Deny', Principal: '*', Action: 's3:GetLifecycleConfiguration', Resource };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
  const told = await run('diff', bucket);
  await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  expect(told.code, told.text).toBe(20);
  expect(told.stdout).toContain(`bucket ${bucket}: 1 to change, 1 not comparable`);
  expect(told.stdout).toMatch(/\+ +tags\.team +- +platform/);
  expect(told.stdout).toMatch(new RegExp(`^! Cannot read the lifecycle of bucket ${bucket} .*access is denied\n +allow s3:GetLifecycleConfiguration`, 'm')); // prettier-ignore
  const readable = await run('diff', bucket);
  expect(readable.code, readable.text).toBe(22);
  expect(readable.stdout).not.toMatch(/^!/m);
});

test('the first diff, before the bucket of the repository is made, says that nothing is there yet', async () => {
  const place = s3Yaml(services, `not-made-${bucket}`, proxy.endpoint);
  await workspace.write(
    'plans/environments.yaml',
    `environments:\n  prod: { repository: { s3: ${place} } }\n`,
  );
  for (const name of ['back', 'undo', 'sync']) await rm(join(workspace.folder, `plans/${name}.yaml`));
  await workspace.write(
    'plans/tidy.yaml',
    'environment: prod\ntimeout: 5m\nretention: { keep-last: 1 }\nsteps: [{ task: artifact-prune }]\n',
  );
  const told = await run('diff', 'tidy');
  expect(told.code, told.text).toBe(0);
  expect(told.stdout).toContain('nothing there yet: there is no such bucket');
});

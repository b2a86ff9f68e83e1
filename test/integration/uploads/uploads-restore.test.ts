import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { UploadsRestoreParameters } from '../../../src/language/generated/uploads-restore.types.ts';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { fc } from '../../fixtures/property.ts';
import { attempt } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let uploads: UploadsGround;
let root: string;
let runs = 0;

beforeEach(async () => {
  uploads = await createUploads(services);
  root = await mkdtemp(join(tmpdir(), 'run-plan-kept-'));
});

afterEach(async () => {
  await uploads.remove();
  await rm(root, { recursive: true, force: true });
});

/** Runs the task as the run `run-N`; its kept folder stays. */
async function restore(parameters: UploadsRestoreParameters): ReturnType<typeof attempt> {
  runs += 1;
  const kept = join(root, `run-${runs}`, 'step');
  await import('node:fs/promises').then(({ mkdir }) => mkdir(kept, { recursive: true }));
  return attempt(uploadsRestore, parameters, {
    environment: uploads.environment,
    repository: noRepository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    runId: `run-${runs}`,
    kept,
  });
}

async function versionCount(): Promise<number> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  return (page.Versions ?? []).length + (page.DeleteMarkers ?? []).length;
}

/** The time, on the store's clock, of the newest thing in the bucket. */
async function newestTime(): Promise<number> {
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  const times = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
    ({ LastModified }) => LastModified?.getTime() ?? 0,
  );
  return Math.max(0, ...times);
}

const oddKeys = [
  'a b.jpg', 'a+b', '100%', '%41', 'line\nbreak', 'tab\there', 'ü/é.png', '日本語', '😀', '\u{ffee}', 'folder/',
  '/leading', 'a/../b', 'a//b', "it's (1)!*.jpg", 'q"<>&.jpg', 'a?b=c&d#e', 'x'.repeat(1024),
]; // prettier-ignore

test('random histories come back at any instant, and undoing brings back now', async () => {
  const step = fc.record({
    key: fc.constantFrom(...oddKeys),
    what: fc.constantFrom('put', 'put', 'put', 'hide'),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 22 }), fc.nat(), async (steps, pick) => {
      /** The model: contents by key after each step, from what this run of the property found. */
      const model = await uploads.contents();
      const states: { readonly at: number; readonly contents: Map<string, string> }[] = [];
      for (const { key, what } of steps) {
        number += 1;
        if (what === 'put') {
          await uploads.put(key, `content ${number}`);
          model.set(key, `content ${number}`);
        } else {
          await uploads.hide(key);
          model.delete(key);
        }
        states.push({ at: await newestTime(), contents: new Map(model) });
      }
      const chosen = states[pick % states.length];
      if (chosen === undefined) throw new Error('there is always a state');
      const before = await versionCount();
      const { result } = await restore({ at: new Date(chosen.at).toISOString(), untrusted: 'fail' });
      expect(await uploads.contents()).toEqual(chosen.contents);
      expect(await versionCount()).toBeGreaterThanOrEqual(before);
      await restore({ undo: result.outputs?.['changes'] ?? '' });
      expect(await uploads.contents()).toEqual(model);
    }),
    { numRuns: 6 },
  );
});

test('attributes stay, nothing is done twice, a dry run and a later writer are told', async () => {
  await uploads.put('photo', 'first', { ContentType: 'image/png', CacheControl: 'no-store', Metadata: { by: 'anna' }, Tagging: 'a=1&b=x%20y' }); // prettier-ignore
  await uploads.put('gone', 'was here');
  const at = new Date(await newestTime()).toISOString();
  await uploads.put('photo', 'second', { ContentType: 'text/plain' });
  await uploads.put('born later', 'new');
  await uploads.hide('gone');

  const dry = await restore({ at, 'dry-run': true });
  expect(dry.result.facts?.['uploads']).toMatchObject({
    dryRun: true,
    survey: { promote: { keys: 2 }, hide: { keys: 1 } },
  });
  expect([...(await uploads.contents()).keys()].sort()).toEqual(['born later', 'photo']);

  const first = await restore({ at });
  expect(first.result.facts?.['uploads']).toMatchObject({ promoted: 2, hidden: 1, refused: { count: 0 } });
  const head = await uploads.client.send(new HeadObjectCommand({ Bucket: uploads.bucket, Key: 'photo' }));
  expect(head).toMatchObject({
    ContentType: 'image/png',
    CacheControl: 'no-store',
    Metadata: { by: 'anna' },
  });
  const lines = (await readFile(first.result.outputs?.['changes'] ?? '', 'utf8')).trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { key: string }).key).sort()).toEqual([
    'born later',
    'gone',
    'photo',
  ]);
  expect(lines.every((line) => (JSON.parse(line) as { made: string | null }).made !== null)).toBe(true);

  const again = await restore({ at });
  expect(again.result.facts?.['uploads']).toMatchObject({ promoted: 0, hidden: 0, already: 2 });

  await uploads.put('photo', 'third');
  await expect(restore({ undo: first.result.outputs?.['changes'] ?? '' })).rejects.toMatchObject({
    code: 'check-failed',
    message: expect.stringContaining('"photo"') as string,
  });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ 'born later': 'new', photo: 'third' });
  expect(await readdir(root)).not.toEqual([]);
});

test('the future, suspended versioning and keys of a time without versions are refused', async () => {
  const later = new Date(Date.now() + 3_600_000).toISOString();
  await expect(restore({ at: later })).rejects.toMatchObject({ code: 'usage', message: /store's future/ });
  await uploads.put('kept', '1');
  const at = new Date(await newestTime()).toISOString();
  const turn = (Status: 'Enabled' | 'Suspended'): Promise<unknown> =>
    uploads.client.send(
      new PutBucketVersioningCommand({ Bucket: uploads.bucket, VersioningConfiguration: { Status } }),
    );
  await turn('Suspended');
  await uploads.put('kept', '2');
  await expect(restore({ at })).rejects.toMatchObject({ code: 'target-refused', message: /suspended/ });
  await turn('Enabled');
  await expect(restore({ at })).rejects.toMatchObject({ message: /null-overwritten.*"kept"/ });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ kept: '2' });
  await restore({ at, untrusted: 'restore' });
  expect(Object.fromEntries(await uploads.contents())).toEqual({ kept: '1' });
});

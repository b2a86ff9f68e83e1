import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import type { Failure } from '../../../src/base/failure.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { CdnInvalidateParameters } from '../../../src/language/generated/cdn-invalidate.types.ts';
import task from '../../../tasks/cdn-invalidate.ts';
import { attempt, type Said } from '../task/attempt.ts';
import { startCloudFrontFake, startWireFake } from './wire-fake.ts';

const token = 'token-that-nobody-may-see';
const secret = { env: 'TOKEN' };
const base = 'https://cdn.example/uploads';

interface Outcome {
  readonly failure: Failure | undefined;
  readonly invalidation: Readonly<Record<string, unknown>>;
  readonly paths: string | undefined;
  readonly said: Said;
  readonly sleeps: readonly number[];
}

/** Runs the task under a clock on which sleeping takes no time and counts. */
async function run(
  parameters: CdnInvalidateParameters,
  options: { readonly runId?: string; readonly signal?: AbortSignal } = {},
): Promise<Outcome> {
  const sleeps: number[] = [];
  let ms = 0;
  const clock: Clock = {
    now: () => new Date(ms),
    monotonicMs: () => ms,
    sleep: (time, signal) => {
      sleeps.push(time);
      ms += time;
      signal?.throwIfAborted();
      return Promise.resolve();
    },
  };
  const told = {
    environment: { name: 'prod', protected: true },
    repository: {} as Repository,
    password: token,
    clock,
  };
  try {
    const { result, said } = await attempt(task, parameters, { ...told, ...options });
    const invalidation = result.facts?.['invalidation'] as Outcome['invalidation'];
    return { failure: undefined, invalidation, paths: result.outputs?.['paths'], said, sleeps };
  } catch (error) {
    const failure = error as Failure & { readonly said: Said };
    if (failure.name !== 'Failure') throw error;
    expect(JSON.stringify([failure, failure.message, failure.stack, failure.said])).not.toContain(token);
    const invalidation = (failure.facts?.['invalidation'] ?? {}) as Outcome['invalidation'];
    return { failure, invalidation, paths: undefined, said: failure.said, sleeps };
  }
}

async function changesOf(keys: readonly string[] | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-cdn-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'changes.ndjson');
  const lines =
    typeof keys === 'string'
      ? keys
      : keys.map((key) => `${JSON.stringify({ key, action: 'uploaded' })}\n`).join('');
  await writeFile(path, lines);
  return path;
}

function photos(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `photos/${String(index)}.jpg`);
}

const purged = { body: '{"success":true,"errors":[],"messages":[],"result":{"id":"z1"}}' };

test('Cloudflare gets whole addresses, a hundred a call, and waits as long as it asks for', async () => {
  const fake = await startWireFake((_, count) =>
    count === 2
      ? {
          status: 429,
          headers: { 'retry-after': '11' },
          body: '{"success":false,"errors":[{"code":971,"message":"slow down"}]}',
        }
      : purged,
  );
  const changes = await changesOf([
    'public/ü b.jpg',
    'private/x',
    ...photos(150).map((key) => `public/${key}`),
  ]);
  const cloudflare = { zone: 'zone1', token: secret, endpoint: `${fake.endpoint}/client/v4` };
  const { failure, invalidation, sleeps, said, paths } = await run({
    cloudflare,
    changes,
    base,
    'strip-prefix': 'public/',
  });
  expect(failure).toBeUndefined();
  expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(3).fill('POST /client/v4/zones/zone1/purge_cache'),
  );
  expect(fake.requests[0]?.headers['authorization']).toBe(`Bearer ${token}`);
  const sent = fake.requests.map(({ body }) => (JSON.parse(body) as { files: string[] }).files);
  expect(sent.map(({ length }) => length)).toEqual([100, 51, 51]);
  expect(sent[0]?.[0]).toBe('https://cdn.example/uploads/%C3%BC%20b.jpg');
  expect(sleeps).toEqual([11_000]);
  expect(invalidation).toMatchObject({ paths: 151, outside: 1, keys: 152, requests: 2, ids: ['z1', 'z1'] });
  expect(paths).toBe('151');
  expect(said.notes[0]).toContain("1 of 152 keys do not begin with 'public/'");
});

test('too many paths become folders, then everything, and the record says so', async () => {
  const fake = await startWireFake(() => purged);
  const cloudflare = { zone: 'z', token: secret, endpoint: fake.endpoint };
  const keys = ['a/1', 'a/2', 'b/c/3'];
  const changes = await changesOf(keys);
  const folders = await run({ cloudflare, changes, base, 'at-most-paths': 2 });
  expect(JSON.parse(fake.requests[0]?.body ?? '')).toEqual({
    prefixes: ['cdn.example/uploads/a/', 'cdn.example/uploads/b/c/'],
  });
  expect(folders.said.warnings[0]).toContain(
    'more than 2 paths: invalidating /uploads/a/, /uploads/b/c/ instead',
  );
  const many = await changesOf(Array.from({ length: 40 }, (_, index) => `${String(index)}/x`));
  const all = await run({ cloudflare, changes: many, base: 'https://cdn.example', 'at-most-paths': 2 });
  expect(JSON.parse(fake.requests[1]?.body ?? '')).toEqual({ purge_everything: true });
  expect(all.invalidation).toMatchObject({ everything: true, widened: 'more than 2 paths' });
  expect(all.paths).toBe('everything');
});

test('what Cloudflare refuses is told with status and message, and never with the token', async () => {
  const refusals = [
    {
      status: 403,
      body: `{"success":false,"errors":[{"code":10000,"message":"Authentication error for ${token}"}]}`,
    },
    {
      status: 200,
      body: '{"success":false,"errors":[{"code":1012,"message":"Request must contain a zone"}]}',
    },
  ];
  const fake = await startWireFake((_, count) => refusals[count - 1]);
  const cloudflare = { zone: 'z', token: secret, endpoint: fake.endpoint };
  const denied = await run({ cloudflare, everything: true });
  expect(denied.failure).toMatchObject({ code: 'invalidation-failed', exitCode: 20 });
  expect(denied.failure?.message).toContain(
    'Cloudflare zone z: purging everything: 403 Forbidden ({"code":10000,"message":"Authentication error for ***"})',
  );
  expect((await run({ cloudflare, everything: true })).failure?.message).toContain(
    'Request must contain a zone',
  );
  expect(fake.requests).toHaveLength(2);
});

test('Fastly gets one call for each address, or one for everything; what fails halfway is told', async () => {
  const fake = await startWireFake(() => ({ body: '{"status":"ok","id":"108-1391560174-974124"}' }));
  const fastly = { service: 'SU1', token: secret, endpoint: fake.endpoint, soft: true };
  const { invalidation } = await run({ fastly, changes: await changesOf(['a b', 'c+d']), base });
  expect(fake.requests.map(({ path }) => path).sort()).toEqual([
    '/purge/cdn.example/uploads/a%20b',
    '/purge/cdn.example/uploads/c%2Bd',
    '/purge/cdn.example/uploads/c+d',
  ]);
  expect(fake.requests[0]?.headers).toMatchObject({ 'fastly-key': token, 'fastly-soft-purge': '1' });
  expect(invalidation).toMatchObject({ paths: 3, requests: 3 });
  await run({ fastly, everything: true });
  expect(fake.requests.at(-1)?.path).toBe('/service/SU1/purge_all');
  expect((await run({ fastly, paths: ['/images/*'] })).said.warnings[0]).toContain(
    'there are no prefixes here',
  );

  const halfway = await startWireFake((_, count) =>
    count <= 20 ? {} : { status: 500, body: '{"msg":"broken"}' },
  );
  const failed = await run({
    fastly: { ...fastly, endpoint: halfway.endpoint },
    changes: await changesOf(photos(60)),
    base,
  });
  expect(failed.failure?.message).toMatch(
    /500 Internal Server Error \(broken\), also at try 6; 20 requests before it were accepted/,
  );
  expect(failed.invalidation).toMatchObject({ requests: 20, paths: 60 });
});

test('CloudFront is waited for, and a repeated step makes no second invalidation', async () => {
  const fake = await startCloudFrontFake(3);
  const keys = { 'access-key-id': secret, 'secret-access-key': secret };
  const cloudfront = { distribution: 'E123', endpoint: fake.endpoint, ...keys };
  const changes = await changesOf(['ü.jpg', 'tilde~.jpg']);
  const first = await run({ cloudfront, changes }, { runId: 'run-1' });
  expect(first.failure).toBeUndefined();
  expect(fake.requests[0]?.path).toBe('/2020-05-31/distribution/E123/invalidation');
  expect([...fake.invalidations.values()]).toEqual([['/%C3%BC.jpg', '/tilde%7E.jpg']]);
  expect(first.sleeps).toEqual([5000, 5000]);
  expect(first.invalidation).toMatchObject({ ids: ['I1'] });
  await run({ cloudfront, changes }, { runId: 'run-1' });
  expect(fake.invalidations.size).toBe(1);
  await run({ cloudfront, changes, reference: 'again' }, { runId: 'run-1' });
  await run({ cloudfront, changes, wait: false }, { runId: 'run-2' });
  expect(fake.invalidations.size).toBe(3);
  expect(fake.requests.at(-1)?.method).toBe('POST');
  await run({ cloudfront, paths: ['/images/*', '/a%20b c'], base }, { runId: 'run-3' });
  expect([...fake.invalidations.values()].slice(-2)).toEqual([['/a%20b%20c'], ['/images/*']]);
});

test('CloudFront that is full, throttles, never completes, or refuses', async () => {
  const error = (code: string, status: number): { status: number; body: string } => ({
    status,
    body: `<?xml version="1.0"?><ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>said so</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  });
  const keys = { 'access-key-id': secret, 'secret-access-key': secret };
  const full = await startCloudFrontFake(1, ({ method }, count) =>
    method === 'POST' && count <= 2
      ? error('TooManyInvalidationsInProgress', 400)
      : count === 3
        ? error('Throttling', 429)
        : undefined,
  );
  const waited = await run({
    cloudfront: { distribution: 'E1', endpoint: full.endpoint, ...keys },
    everything: true,
  });
  expect(waited.failure).toBeUndefined();
  expect(waited.sleeps).toEqual([5000, 5000]);
  const slow = await startCloudFrontFake(Infinity);
  const late = await run({
    cloudfront: { distribution: 'E1', endpoint: slow.endpoint, ...keys },
    everything: true,
    'wait-at-most': '1m',
  });
  expect(late.failure?.message).toBe("CloudFront distribution E1: invalidation I1 is still 'InProgress'");
  expect(late.invalidation).toMatchObject({ ids: ['I1'] });
  const strict = await startCloudFrontFake(1, () => error('AccessDenied', 403));
  const refused = await run({
    cloudfront: { distribution: 'E1', endpoint: strict.endpoint, ...keys },
    everything: true,
  });
  expect(refused.failure?.message).toBe(
    'CloudFront distribution E1: creating an invalidation failed (AccessDenied, 403): said so',
  );
  expect(refused.failure?.hint).toContain('cloudfront:CreateInvalidation');
});

test('any HTTP call: a path, a list of addresses, everything', async () => {
  const fake = await startWireFake(() => ({ status: 204, body: '' }));
  const changes = await changesOf(['a b', 'c']);
  const each = { url: `${fake.endpoint}{path}`, method: 'PURGE' as const };
  await run({ http: each, changes });
  expect(fake.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['PURGE /a%20b', 'PURGE /c']);
  const list = {
    url: `${fake.endpoint}/purge`,
    body: '{"urls": {urls}}',
    'secret-headers': { authorization: secret },
    batch: 1,
  };
  await run({ http: list, changes, base });
  expect(fake.requests[2]).toMatchObject({
    method: 'POST',
    body: '{"urls": ["https://cdn.example/uploads/a%20b"]}',
  });
  expect(fake.requests[2]?.headers['authorization']).toBe(token);
  expect(fake.requests).toHaveLength(4);
  expect((await run({ http: each, everything: true })).failure).toMatchObject({ code: 'plan-invalid' });
  await run({
    http: { ...each, everything: { url: `${fake.endpoint}/`, method: 'DELETE' } },
    everything: true,
  });
  expect(fake.requests.at(-1)).toMatchObject({ method: 'DELETE', path: '/' });
});

test('a service that hangs ends with the step', async () => {
  const stop = new AbortController();
  const reason = new Error('the step is over');
  const fake = await startWireFake(() => {
    stop.abort(reason);
    return undefined;
  });
  const http = { url: `${fake.endpoint}{path}` };
  await expect(run({ http, paths: ['/a'] }, { signal: stop.signal })).rejects.toBe(reason);
});

test('nothing changed, changes that are none, and a base that is missing', async () => {
  const fake = await startWireFake(() => purged);
  const cloudflare = { zone: 'z', token: secret, endpoint: fake.endpoint };
  const nothing = await run({ cloudflare, changes: await changesOf([]) });
  expect(nothing.said.notes).toEqual(['nothing has changed: nothing to invalidate']);
  expect(nothing.paths).toBe('0');
  const broken = await run({ cloudflare, base, changes: await changesOf('{"key":"a"}\n{"kei":"b"}\n') });
  expect(broken.failure?.message).toMatch(/^line 2 of .* is no JSON object with a key$/);
  const missing = await run({ cloudflare, base, changes: '/nowhere/changes.ndjson' });
  expect(missing.failure?.message).toContain('there is no such file');
  const baseless = await run({ cloudflare, paths: ['/a'] });
  expect(baseless.failure).toMatchObject({ code: 'plan-invalid' });
  expect(fake.requests).toEqual([]);
});

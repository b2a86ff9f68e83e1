import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { getBounded } from '../../../src/base/document.ts';
import { Failure } from '../../../src/base/failure.ts';
import { patientLimits } from '../../../src/s3/client.ts';
import { openRepository } from '../../../src/store/open.ts';
import type { Repository, StoredObject } from '../../../src/store/repository.ts';
import { steppedClock } from '../../fixtures/stepped-clock.ts';
import { startFaultProxy, type FaultProxy } from '../../services/fault-proxy.ts';
import {
  createS3Repository,
  s3Location,
  s3Secrets,
  secretsFrom,
  type TestRepository,
} from '../../services/repository.ts';

const services = inject('services');
const MiB = 1024 * 1024;
/** Short, so that what hangs is noticed soon; five seconds is the least that the SDK takes at its word. */
const limits = { connectionMs: 1_000, idleMs: 1_000, patienceMs: 1_000 };
/** Waits of 200, 400 and 800 ms, none of them real: the patience is at its end with the fourth try. */
const patience = { limits, clock: steppedClock(), random: () => 0 };
const tries = 4;

let proxy: FaultProxy;
/** The same bucket, straight and through the proxy. */
let straight: TestRepository;
let faulty: Repository;

beforeAll(async () => {
  proxy = await startFaultProxy(services.s3.endpoint);
  straight = await createS3Repository(services);
  faulty = await openFaulty();
});
afterEach(() => {
  proxy.clear();
});
afterAll(async () => {
  await faulty.close();
  await straight.remove();
  await proxy.stop();
});

function openFaulty(): Promise<Repository> {
  if (straight.settings.store.kind !== 's3') throw new Error('the test is about S3');
  const s3 = { ...straight.settings.store.s3, endpoint: proxy.endpoint };
  return openRepository({ store: { kind: 's3', s3 } }, s3Secrets(services), patience);
}

async function keys(items: AsyncIterable<{ key: string }>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of items) found.push(key);
  return found;
}

async function expectNothingLeft(key: string): Promise<void> {
  expect(await straight.repository.head(key)).toBeUndefined();
  expect(await keys(straight.repository.unfinished())).toEqual([]);
}

/** Three parts, the last of them small. */
const bytesOfThreeParts = randomBytes(33 * MiB);

function large(): Buffer {
  return bytesOfThreeParts;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('an upload', () => {
  test('goes on after a store that is busy for a while', async () => {
    const struck = proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', times: 3 });
    expect(await faulty.put('busy/small', 'hello')).toMatchObject({ bytes: 5 });
    expect(struck()).toBe(3);
    const parts = proxy.inject({
      kind: 'answer',
      status: 503,
      code: 'SlowDown',
      url: /partNumber=2/,
      times: 3,
    });
    const cut = proxy.inject({ kind: 'cut-request', afterBytes: MiB, url: /partNumber=1/, times: 1 });
    const bytes = large();
    expect(await faulty.put('busy/large', Readable.from([bytes]))).toMatchObject({ bytes: bytes.length });
    expect([parts(), cut()]).toEqual([3, 1]);
    expect(sha256(await buffer(await straight.repository.get('busy/large')))).toBe(sha256(bytes));
  });

  test('to a store that stays busy fails after a bounded number of tries and leaves nothing', async () => {
    const struck = proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', method: 'PUT' });
    await expect(faulty.put('down/small', 'x')).rejects.toMatchObject({ code: 'repository-unreachable' });
    expect(struck()).toBe(tries);
    const body = Readable.from([large()]);
    await expect(faulty.put('down/large', body)).rejects.toMatchObject({
      code: 'repository-unreachable',
      message: expect.stringMatching(/s3:\/\/test-\w+\/prod\/down\/large .*overloaded/) as string,
    });
    expect(body.destroyed).toBe(true);
    await expectNothingLeft('down/small');
    await expectNothingLeft('down/large');
  });

  test('whose last part fails is aborted, whatever the others did', async () => {
    proxy.inject({ kind: 'answer', status: 400, code: 'InvalidRequest', url: /partNumber=3/ });
    await expect(faulty.put('part three', Readable.from([large()]))).rejects.toMatchObject({
      code: 'repository-write',
    });
    await expectNothingLeft('part three');
  });

  test('whose part fails does not wait for an input that hangs', async () => {
    proxy.inject({ kind: 'answer', status: 400, code: 'InvalidRequest', url: /partNumber=1/ });
    const body = new PassThrough();
    const put = faulty.put('hanging input', body);
    body.write(large());
    await expect(put).rejects.toMatchObject({ code: 'repository-write' });
    expect(body.destroyed).toBe(true);
    await expectNothingLeft('hanging input');
  });

  test.each([
    ['a small one', 'lost/small', 'PUT', /lost\/small/, Buffer.from('hello')],
    ['a large one', 'lost/large', 'POST', /uploadId=/, large()],
  ] as const)('of %s succeeds when only the answer was lost', async (_what, key, method, url, bytes) => {
    const struck = proxy.inject({ kind: 'lose-answer', method, url, times: 1 });
    expect(await faulty.put(key, Readable.from([bytes]))).toMatchObject({ bytes: bytes.length });
    expect(struck()).toBe(1);
    expect(sha256(await buffer(await straight.repository.get(key)))).toBe(sha256(bytes));
  });

  test('works with a store that does not know conditional writes, and still refuses a key that exists', async () => {
    const fresh = await openFaulty();
    const struck = proxy.inject({
      kind: 'answer',
      status: 501,
      code: 'NotImplemented',
      header: 'if-none-match',
    });
    await fresh.put('unconditional/small', 'first');
    await fresh.put('unconditional/large', Readable.from([large()]));
    expect(struck()).toBe(1);
    await expect(fresh.put('unconditional/small', 'second')).rejects.toMatchObject({ code: 'key-exists' });
    expect(await text(await straight.repository.get('unconditional/small'))).toBe('first');
    await fresh.close();
  });

  test('that the store shortened is a failure and is taken back', async () => {
    // The first HEAD finds nothing; the one after the upload is answered by the proxy.
    proxy.inject({ kind: 'delay', ms: 0, method: 'HEAD', times: 1 });
    const headers = { 'content-length': '3', 'last-modified': new Date().toUTCString() };
    proxy.inject({ kind: 'answer', status: 200, headers, method: 'HEAD', times: 1 });
    await expect(faulty.put('short', 'hello')).rejects.toMatchObject({
      code: 'repository-write',
      message: expect.stringContaining('has 3 bytes after 5 were stored') as string,
    });
    await expectNothingLeft('short');
  });

  test('that hangs is noticed, and a signal ends it soon', async () => {
    proxy.inject({ kind: 'hang', url: /partNumber=/ });
    await expect(faulty.put('hang', Readable.from([large()]))).rejects.toMatchObject({
      code: 'repository-unreachable',
      message: expect.stringContaining('does not answer in time') as string,
    });
    await expectNothingLeft('hang');
    const controller = new AbortController();
    const put = straightly(controller.signal);
    await expect
      .poll(() => proxy.seen.filter(({ url }) => url.includes('partNumber=')).length)
      .toBeGreaterThan(4);
    controller.abort(new Failure('terminated', 'SIGTERM'));
    await expect(put).rejects.toMatchObject({ code: 'terminated' });
    await expectNothingLeft('hang too');
  });

  async function straightly(signal: AbortSignal): Promise<StoredObject> {
    const patient = await openRepository(
      {
        store: { kind: 's3', s3: { ...s3Location(services, bucketOf(straight)), endpoint: proxy.endpoint } },
      },
      s3Secrets(services),
    );
    try {
      return await patient.put('hang too', Readable.from([large()]), { signal });
    } finally {
      await patient.close();
    }
  }
});

function bucketOf(made: TestRepository): string {
  return made.settings.store.kind === 's3' ? made.settings.store.s3.bucket : '';
}

describe('a download', () => {
  const bytes = large();
  beforeAll(async () => {
    await straight.repository.put('download', Readable.from([bytes]));
  });

  test('goes on from the last byte when its connection breaks, as often as it brings something', async () => {
    const struck = proxy.inject({ kind: 'cut-answer', afterBytes: 4 * MiB, method: 'GET', times: 7 });
    expect(sha256(await buffer(await faulty.get('download')))).toBe(sha256(bytes));
    expect(struck()).toBe(7);
    expect(proxy.seen.filter(({ headers }) => headers.range !== undefined)).toHaveLength(7);
  });

  test('goes on when its connection stalls', async () => {
    const struck = proxy.inject({ kind: 'stall-answer', afterBytes: 3 * MiB, method: 'GET', times: 2 });
    expect(sha256(await buffer(await faulty.get('download')))).toBe(sha256(bytes));
    expect(struck()).toBe(2);
  });

  test('of a range that breaks gives exactly the range', async () => {
    proxy.inject({ kind: 'cut-answer', afterBytes: 2 * MiB, method: 'GET', times: 1 });
    const range = { first: 7 * MiB + 3, last: 12 * MiB + 4 };
    const read = await buffer(await faulty.get('download', { range }));
    expect(read.equals(bytes.subarray(range.first, range.last + 1))).toBe(true);
  });

  test('that brings nothing any more fails after a bounded number of tries, and is never short', async () => {
    const struck = proxy.inject({ kind: 'cut-answer', afterBytes: 1000, method: 'GET' });
    await expect(buffer(await faulty.get('download'))).rejects.toMatchObject({
      code: 'repository-unreachable',
    });
    expect(struck()).toBe(tries);
  });

  test('from a store that ignores ranges fails instead of starting over', async () => {
    proxy.inject({ kind: 'cut-answer', afterBytes: MiB, method: 'GET', times: 1 });
    proxy.inject({ kind: 'answer', status: 200, body: 'everything', method: 'GET', header: 'range' });
    await expect(buffer(await faulty.get('download'))).rejects.toMatchObject({
      code: 'repository-read',
      message: expect.stringContaining('does not answer ranges') as string,
    });
  });

  test('waits for a slow reader', async () => {
    const stream = await faulty.get('download');
    let read = 0;
    const pauses = [2 * MiB, 20 * MiB];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > (pauses[0] ?? Infinity)) {
        pauses.shift();
        // Longer than the idle limit: the connection is given up and the rest asked for again.
        await new Promise((resolve) => setTimeout(resolve, limits.idleMs * 2));
      }
    }
    expect(read).toBe(bytes.length);
  });
});

describe('removing', () => {
  test('falls back to single keys where batches are refused', async () => {
    const names = Array.from({ length: 20 }, (_, number) => `single/${number}`);
    await straight.seed(names);
    const struck = proxy.inject({
      kind: 'answer',
      status: 400,
      code: 'InvalidRequest',
      method: 'POST',
      url: /delete/,
    });
    const fresh = await openFaulty();
    await fresh.remove(names);
    expect(struck()).toBe(1);
    expect(await keys(straight.repository.list('single/'))).toEqual([]);
    await fresh.close();
  });

  test('reads the errors of each key, also when the answer is 200', async () => {
    const body = `<?xml version="1.0"?><DeleteResult>
      <Error><Key>prod/locked/1</Key><Code>AccessDenied</Code><Message>object lock</Message></Error></DeleteResult>`;
    proxy.inject({ kind: 'answer', status: 200, body, method: 'POST', url: /delete/ });
    await expect(faulty.remove(['locked/1', 'locked/2'])).rejects.toMatchObject({
      code: 'repository-denied',
      message: expect.stringMatching(/locked\/1.*object lock/) as string,
    });
  });
});

test('a listing of many pages goes on from the last one each time', async () => {
  const page = (key: string, next?: string): string =>
    `<?xml version="1.0"?><ListBucketResult><Contents><Key>prod/${key}</Key><Size>1</Size></Contents>
      <IsTruncated>${String(next !== undefined)}</IsTruncated>${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}</ListBucketResult>`;
  const answer = (url: RegExp, body: string): unknown =>
    proxy.inject({ kind: 'answer', status: 200, method: 'GET', url, body, times: 1 });
  answer(/continuation-token=second/, page('b', 'third'));
  answer(/continuation-token=third/, page('c', 'last'));
  answer(/continuation-token=last/, page('d'));
  answer(/list-type=2/, page('a', 'second'));
  expect(await keys(faulty.list(''))).toEqual(['a', 'b', 'c', 'd']);
});

test('a listing that does not go on is a failure and not an endless loop', async () => {
  const body = `<?xml version="1.0"?><ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>`;
  proxy.inject({ kind: 'answer', status: 200, body, method: 'GET' });
  await expect(keys(faulty.list(''))).rejects.toMatchObject({ code: 'repository-read' });
});

describe('an answer that is not the store’s own', () => {
  const page = '<!DOCTYPE html><html><body>Please sign in<br></body></html>';
  const html = { 'content-type': 'text/html; charset=utf-8' };
  const foreign = {
    code: 'repository-unreachable',
    message: expect.stringContaining('a web page came back') as string,
  };

  test.each([200, 403, 404, 511])(
    'a page with %i is neither an empty repository nor a missing object',
    async (status) => {
      proxy.inject({ kind: 'answer', status, headers: html, body: page });
      await expect(keys(faulty.list(''))).rejects.toMatchObject(foreign);
      await expect(faulty.get('some/key')).rejects.toMatchObject(foreign);
      await expect(faulty.head('some/key')).rejects.toMatchObject(foreign);
      await expect(faulty.put('some/key', 'x')).rejects.toMatchObject(foreign);
      await expect(faulty.remove(['one', 'two'])).rejects.toMatchObject(foreign);
      await expect(faulty.clock()).rejects.toMatchObject(foreign);
      await expect(keys(faulty.unfinished())).rejects.toMatchObject(foreign);
    },
  );

  test('an upload that a page took is not stored', async () => {
    proxy.inject({ kind: 'answer', status: 200, headers: html, body: page, method: 'PUT' });
    await expect(faulty.put('taken', 'x')).rejects.toMatchObject(foreign);
    await expectNothingLeft('taken');
  });

  test('a page that says that it is XML is known by its first word', async () => {
    proxy.inject({ kind: 'answer', status: 200, body: page });
    await expect(keys(faulty.list(''))).rejects.toMatchObject(foreign);
  });

  test.each([
    [404, { 'content-type': 'text/plain; charset=utf-8' }, '404 page not found\n'],
    [404, { 'content-type': 'application/json' }, '{"error":"no route"}'],
    [407, { 'content-type': 'text/plain' }, 'Proxy authentication required'],
    [302, { location: 'http://login.example/secret?path' }, ''],
  ])('nor is %i with %o, which has no XML', async (status, headers, body) => {
    proxy.inject({ kind: 'answer', status, headers, body });
    await expect(keys(faulty.list(''))).rejects.toMatchObject(foreign);
    await expect(faulty.get('some/key')).rejects.toMatchObject(foreign);
    await expect(faulty.head('some/key')).rejects.toMatchObject(foreign);
    const failure = await faulty.put('some/key', 'x').catch((error: unknown) => error);
    expect(failure).toMatchObject(foreign);
    expect((failure as Failure).message).not.toContain('secret?path');
  });

  test('a listing without end is given up early', async () => {
    const body = `<?xml version="1.0"?><ListBucketResult>${' '.repeat(17 * MiB)}</ListBucketResult>`;
    proxy.inject({ kind: 'answer', status: 200, body });
    await expect(keys(faulty.list(''))).rejects.toMatchObject({
      code: 'repository-read',
      message: expect.stringContaining('more than 16 MiB') as string,
    });
  });

  test('a page of 502 is waited for, and the object that is a page is read', async () => {
    const struck = proxy.inject({ kind: 'answer', status: 502, headers: html, body: page, times: 2 });
    await faulty.put('a page', page, { contentType: 'text/html' });
    expect(struck()).toBe(2);
    expect(await text(await faulty.get('a page'))).toBe(page);
  });

  test.each([
    ['that is cut off', '<?xml version="1.0"?><ListBucketResult><Contents><Key>prod/a</Key>'],
    ['that is empty', ''],
    ['that is torn within', '<ListBucketResult><Contents><Key>a</Kez></Contents></ListBucketResult>'],
    ['of something else', '<?xml version="1.0"?><Other></Other>'],
  ])('a listing %s is asked for again, and is then a failure', async (_what, body) => {
    const struck = proxy.inject({ kind: 'answer', status: 200, body });
    await expect(keys(faulty.list(''))).rejects.toMatchObject({
      code: 'repository-read',
      message: expect.stringContaining('cut off or damaged') as string,
    });
    expect(struck()).toBe(tries);
  });
});

describe('a store that is away for a while', () => {
  const location = (): string => proxy.endpoint;

  async function patiently<Result>(
    action: (repository: Repository) => Promise<Result>,
    told: string[] = [],
  ): Promise<{ readonly result: Result; readonly sleptMs: number }> {
    if (straight.settings.store.kind !== 's3') throw new Error('the test is about S3');
    const clock = steppedClock();
    const s3 = { ...straight.settings.store.s3, endpoint: location() };
    const repository = await openRepository({ store: { kind: 's3', s3 } }, s3Secrets(services), {
      limits: { ...patientLimits, idleMs: 1_000 },
      clock,
      random: () => 0,
      onWait: ({ text: said, isOver }) => {
        if (isOver) told.push(said);
      },
    });
    try {
      return { result: await action(repository), sleptMs: clock.monotonicMs() };
    } finally {
      await repository.close();
    }
  }

  test.each([500, 503, 429])('%i for two minutes and more is outlasted, and told', async (status) => {
    const told: string[] = [];
    await straight.repository.put(`away/${status}`, 'x');
    const struck = proxy.inject({ kind: 'answer', status, code: 'Busy', method: 'GET', times: 30 });
    const { result, sleptMs } = await patiently(async (s3) => text(await s3.get(`away/${status}`)), told);
    expect([result, struck()]).toEqual(['x', 30]);
    expect(sleptMs).toBeGreaterThan(120_000);
    expect(told).toEqual([
      expect.stringMatching(/^waited .* for the store s3:\/\/test-\w+\/prod: .*\(30 tries\)$/),
    ]);
  });

  test('what the store asks to wait is waited', async () => {
    proxy.inject({
      kind: 'answer',
      status: 429,
      code: 'TooManyRequests',
      headers: { 'retry-after': '70' },
      times: 2,
    });
    const { sleptMs } = await patiently((s3) => s3.head('some/key'));
    expect(sleptMs).toBeGreaterThanOrEqual(140_000);
  });

  test('patience ends, and says how long it was', async () => {
    proxy.inject({ kind: 'answer', status: 503, code: 'ServiceUnavailable' });
    await expect(patiently((s3) => s3.head('some/key'))).rejects.toMatchObject({
      code: 'repository-unreachable',
      message: expect.stringMatching(/also after \d+ tries in 3m/) as string,
      fields: { httpStatus: 503, object: expect.stringContaining('some/key') as string },
    });
  });

  test('a put whose first answer was lost and whose second is a refusal is a success', async () => {
    const struck = proxy.inject({ kind: 'lose-answer', method: 'PUT', url: /own\/success/, times: 1 });
    const { result } = await patiently((s3) => s3.put('own/success', 'x'));
    expect(result.bytes).toBe(1);
    expect(struck()).toBe(1);
  });
});

describe('a store that sends byte by byte', () => {
  /** The bytes come more often than any idle limit sees, and a body of them would take minutes. */
  const drip = { kind: 'drip-answer', everyMs: 5, method: 'GET' } as const;

  async function openImpatient(): Promise<Repository> {
    if (straight.settings.store.kind !== 's3') throw new Error('the test is about S3');
    const s3 = { ...straight.settings.store.s3, endpoint: proxy.endpoint };
    const short = { ...patience, limits: { ...limits, smallMs: 100, requestMs: 200 } };
    return openRepository({ store: { kind: 's3', s3 } }, s3Secrets(services), short);
  }

  test('does not hold whoever reads a document, and goes on bringing what is large', async () => {
    await straight.repository.put('drip/document', 'x'.repeat(32 * 1024));
    await straight.repository.put('drip/other', 'y'.repeat(60));
    const repository = await openImpatient();
    const struck = proxy.inject(drip);
    await expect(getBounded(repository, 'drip/document', MiB)).rejects.toMatchObject({
      code: 'repository-unreachable',
      fields: { object: expect.stringContaining('drip/document') as string },
    });
    expect(struck()).toBe(tries);
    expect(await text(await repository.get('drip/other'))).toBe('y'.repeat(60));
    // Once more is enough where the rest of a document comes then.
    proxy.clear();
    proxy.inject({ ...drip, times: 1 });
    expect(await getBounded(repository, 'drip/document', MiB)).toMatchObject({ state: 'read' });
    await repository.close();
  });

  test('does not hold whoever lists', async () => {
    const repository = await openImpatient();
    const struck = proxy.inject(drip);
    await expect(keys(repository.list(''))).rejects.toMatchObject({ code: 'repository-unreachable' });
    expect(struck()).toBe(tries);
    await repository.close();
  });
});

describe('what is wrong is said with bucket and key', () => {
  const cases: readonly [string, Parameters<typeof open>[0], Record<string, string>, string, RegExp][] = [
    [
      'a missing bucket',
      { bucket: 'no-such-bucket-here' },
      {},
      'repository-missing',
      /s3:\/\/no-such-bucket-here.*no such bucket/,
    ],
    [
      'an unknown access key',
      {},
      { S3_ID: 'UNKNOWN' },
      'repository-denied',
      /does not accept the access keys.*InvalidAccessKeyId/,
    ],
    [
      'a wrong secret key',
      {},
      { S3_SECRET: 'wrong' },
      'repository-denied',
      /does not accept the access keys.*SignatureDoesNotMatch/,
    ],
    [
      'a closed port',
      { endpoint: 'http://127.0.0.1:1' },
      {},
      'repository-unreachable',
      /127\.0\.0\.1:1: the connection is refused/,
    ],
    [
      'an unknown host',
      { endpoint: 'http://store.invalid' },
      {},
      'repository-unreachable',
      /store\.invalid: its host name is not known/,
    ],
    [
      'TLS where there is none',
      { endpoint: services.s3.endpoint.replace('http:', 'https:') },
      {},
      'repository-unreachable',
      /TLS/,
    ],
  ];

  function open(
    location: { bucket?: string; endpoint?: string },
    values: Record<string, string>,
  ): Promise<Repository> {
    const { accessKeyId: S3_ID, secretAccessKey: S3_SECRET } = services.s3;
    const s3 = { ...s3Location(services, bucketOf(straight)), ...location };
    return openRepository(
      { store: { kind: 's3', s3 } },
      secretsFrom({ S3_ID, S3_SECRET, ...values }),
      patience,
    );
  }

  test.each(cases)('%s', async (_what, location, values, code, message) => {
    const repository = await open(location, values);
    const failure = await keys(repository.list('')).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect((failure as Failure).hint).toBeTruthy();
    await expect(repository.put('a/key', 'x')).rejects.toMatchObject({ code });
    await repository.close();
  });

  test.each([
    [403, 'RequestTimeTooSkewed', 'repository-denied', /clock/],
    [301, 'PermanentRedirect', 'repository-missing', /another region/],
    [403, 'AccessDenied', 'repository-denied', /access is denied/],
    [507, 'XMinioStorageFull', 'repository-write', /no space/],
    [400, 'ExpiredToken', 'repository-denied', /session of the access keys has ended/],
  ])('%i %s', async (status, code, expected, message) => {
    proxy.inject({ kind: 'answer', status, code, method: 'GET' });
    await expect(faulty.get('some/key')).rejects.toMatchObject({
      code: expected,
      message: expect.stringMatching(message) as string,
      where: expect.stringMatching(/^s3:\/\/.*\/prod\/some\/key$/) as string,
    });
  });

  test('a refusal that names the bucket’s region says which', async () => {
    const headers = { 'x-amz-bucket-region': 'eu-west-3' };
    proxy.inject({
      kind: 'answer',
      status: 400,
      code: 'AuthorizationHeaderMalformed',
      headers,
      method: 'HEAD',
    });
    await expect(faulty.head('some/key')).rejects.toMatchObject({
      code: 'repository-missing',
      message: expect.stringContaining('another region, eu-west-3') as string,
    });
  });

  test('a bucket that is not there is known without a body, too', async () => {
    const repository = await open({ bucket: 'no-such-bucket-here' }, {});
    await expect(repository.clock()).rejects.toMatchObject({
      code: 'repository-missing',
      fields: { httpStatus: 404, errorName: 'NoSuchBucket' },
    });
    await repository.close();
  });

  test('no secret is in any message', async () => {
    const repository = await open({}, { S3_SECRET: 'a-wrong-secret-in-clear' });
    const failure = (await keys(repository.list('')).catch((error: unknown) => error)) as Failure;
    expect(`${failure.message} ${failure.hint ?? ''}`).not.toContain('a-wrong-secret-in-clear');
    await repository.close();
  });
});

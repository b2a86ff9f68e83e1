import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import type { Repository } from '../../../src/store/repository.ts';
import {
  createFolderRepository,
  createS3Repository,
  type TestRepository,
} from '../../services/repository.ts';

const services = inject('services');
const MiB = 1024 * 1024;

interface Kind {
  readonly name: string;
  readonly create: () => Promise<TestRepository>;
  /** In MiB: around the size of a part and of two, and more parts than are on their way at once. */
  readonly sizes: readonly number[];
  /** More than one page where pages are the store's; versions change nothing of that. */
  readonly manyKeys: number;
}

const kinds: readonly Kind[] = [
  { name: 'a folder', create: createFolderRepository, sizes: [1, 17, 32], manyKeys: 1_100 },
  {
    name: 'a bucket',
    create: () => createS3Repository(services),
    sizes: [1, 15, 16, 17, 32, 81],
    manyKeys: 1_050,
  },
  {
    name: 'a whole versioned bucket',
    create: () => createS3Repository(services, { versioning: true, prefix: '' }),
    sizes: [17],
    manyKeys: 30,
  },
];

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** `count` megabytes, each different, and their sha256. */
function megabytes(count: number): { body: Readable; sha256: () => string } {
  const hash = createHash('sha256');
  const block = randomBytes(MiB);
  const chunks = function* (): Generator<Buffer> {
    for (let number = 0; number < count; number += 1) {
      const chunk = Buffer.from(block);
      chunk.writeUInt32BE(number);
      hash.update(chunk);
      yield chunk;
    }
  };
  return { body: Readable.from(chunks(), { objectMode: false }), sha256: () => hash.digest('hex') };
}

async function sha256Of(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

async function expectNothingLeft(repository: Repository, key: string): Promise<void> {
  expect(await repository.head(key)).toBeUndefined();
  expect(await collect(repository.list(key))).toEqual([]);
  expect(await collect(repository.unfinished())).toEqual([]);
}

describe.each(kinds)('a repository in $name', ({ create, sizes, manyKeys }) => {
  let made: TestRepository;
  let repository: Repository;

  beforeAll(async () => {
    made = await create();
    repository = made.repository;
  });
  afterAll(async () => {
    await made.remove();
  });

  test('what was put is read back, with the size and time that the store reports', async () => {
    const before = await repository.clock();
    const stored = await repository.put('a/note.txt', 'hello', {
      tags: { tier: 'daily' },
      contentType: 'text/plain',
    });
    expect(stored).toMatchObject({ key: 'a/note.txt', bytes: 5 });
    expect(await text(await repository.get('a/note.txt'))).toBe('hello');
    const found = await repository.head('a/note.txt');
    const { versionId: _, ...object } = found ?? {};
    expect(object).toEqual(stored);
    expect(Math.abs((found?.modifiedAt.getTime() ?? 0) - before.getTime())).toBeLessThan(10 * 60_000);
  });

  test('an empty object is an object', async () => {
    expect(await repository.put('empty', Readable.from([]))).toMatchObject({ bytes: 0 });
    expect(await repository.head('empty')).toMatchObject({ bytes: 0 });
    expect((await buffer(await repository.get('empty'))).length).toBe(0);
    expect(await repository.put('empty too', new Uint8Array())).toMatchObject({ bytes: 0 });
  });

  test.each(sizes)('%i MiB pass through unchanged', async (count) => {
    const key = `large/${count}`;
    const { body, sha256 } = megabytes(count);
    let seen = 0;
    const stored = await repository.put(key, body, {
      expectedBytes: 1,
      onProgress: (bytes) => (seen = bytes),
    });
    expect(stored.bytes).toBe(count * MiB);
    expect(seen).toBe(count * MiB);
    expect(await sha256Of(await repository.get(key))).toBe(sha256());
    expect(await collect(repository.unfinished())).toEqual([]);
    await repository.remove([key]);
  });

  test('a range gives exactly its bytes', async () => {
    await repository.put('range', '0123456789');
    expect(await text(await repository.get('range', { range: { first: 2, last: 4 } }))).toBe('234');
    expect(await text(await repository.get('range', { range: { first: 8, last: 100 } }))).toBe('89');
    await expect(repository.get('range', { range: { first: 11, last: 12 } })).rejects.toMatchObject({
      code: 'repository-read',
    });
  });

  test('a reader may leave at any time', async () => {
    const { body } = megabytes(32);
    await repository.put('left', body);
    const stream = await repository.get('left');
    await once(stream, 'readable');
    stream.destroy();
    await once(stream, 'close');
    const unread = await repository.get('left');
    unread.destroy();
    await once(unread, 'close');
    await repository.remove(['left']);
  });

  test('a read that is aborted ends with the reason', async () => {
    const { body } = megabytes(32);
    await repository.put('aborted read', body);
    const controller = new AbortController();
    const stream = await repository.get('aborted read', { signal: controller.signal });
    await once(stream, 'readable');
    controller.abort(new Failure('step-timeout', 'too late'));
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'step-timeout' });
    await repository.remove(['aborted read']);
  });

  test('keys of every script come back from a listing as they were put', async () => {
    const keys = [
      'unicode/ümlaut ñ',
      'unicode/日本語',
      'unicode/😀',
      'unicode/a+b&c=d %20 #?',
      'unicode/q\'u"o<te>',
    ];
    for (const key of keys) await repository.put(key, key);
    const listed = await collect(repository.list('unicode/'));
    expect(listed.map(({ key }) => key).sort()).toEqual([...keys].sort());
    for (const key of keys) expect(await text(await repository.get(key))).toBe(key);
    await repository.remove(keys);
    expect(await collect(repository.list('unicode/'))).toEqual([]);
  });

  test('a prefix is plain text: of a name, of a folder, and never of another database', async () => {
    for (const key of ['pg_shop_1', 'pg_shop-archive_1', 'pg_shop_2/part', 'pg_shop_2/deep/part']) {
      await repository.put(key, 'x');
    }
    const keysOf = async (prefix: string): Promise<string[]> =>
      (await collect(repository.list(prefix))).map(({ key }) => key).sort();
    expect(await keysOf('pg_shop_')).toEqual(['pg_shop_1', 'pg_shop_2/deep/part', 'pg_shop_2/part']);
    expect(await keysOf('pg_shop_2/')).toEqual(['pg_shop_2/deep/part', 'pg_shop_2/part']);
    expect(await keysOf('pg_shop_2/d')).toEqual(['pg_shop_2/deep/part']);
    expect(await keysOf('nothing')).toEqual([]);
  });

  test('a key that exists is refused and keeps its content', async () => {
    await repository.put('taken', 'first');
    await expect(repository.put('taken', 'second')).rejects.toMatchObject({ code: 'key-exists' });
    await expect(repository.put('taken', megabytes(20).body)).rejects.toMatchObject({ code: 'key-exists' });
    expect(await text(await repository.get('taken'))).toBe('first');
    expect(await collect(repository.unfinished())).toEqual([]);
  });

  test('a key that somebody takes during the upload keeps their content', async () => {
    const body = new PassThrough();
    const second = repository.put('race', body);
    body.write(randomBytes(20 * MiB));
    await expect.poll(async () => (await collect(repository.unfinished())).length).toBe(1);
    await repository.put('race', 'first');
    body.end();
    await expect(second).rejects.toMatchObject({ code: 'key-exists' });
    expect(await text(await repository.get('race'))).toBe('first');
    expect(await collect(repository.unfinished())).toEqual([]);
  });

  test.each([
    ['before its first byte', 0],
    ['in its first part', 1],
    ['after several parts', 33],
  ])('an input that fails %s leaves nothing', async (_when, count) => {
    const failing = Readable.from(
      (function* () {
        yield* Array.from({ length: count }, () => randomBytes(MiB));
        throw new Failure('command-failed', 'pg_dump exited 1');
      })(),
      { objectMode: false },
    );
    await expect(repository.put('failed', failing)).rejects.toMatchObject({ code: 'command-failed' });
    await expectNothingLeft(repository, 'failed');
  });

  test.each([1, 33])(
    'an input that breaks off after %i MiB without an error is no success',
    async (count) => {
      const body = new PassThrough();
      const put = repository.put('broken off', body);
      body.write(randomBytes(count * MiB), () => body.destroy());
      await expect(put).rejects.toThrow('closed before its end');
      await expectNothingLeft(repository, 'broken off');
    },
  );

  test.each([1, 33])(
    'a signal after %i MiB ends a put whose input hangs, and leaves nothing',
    async (count) => {
      const controller = new AbortController();
      const body = new PassThrough();
      const put = repository.put('signalled', body, {
        signal: controller.signal,
        onProgress: (bytes) => {
          if (bytes === count * MiB) controller.abort(new Failure('terminated', 'SIGTERM'));
        },
      });
      body.write(randomBytes(count * MiB));
      await expect(put).rejects.toMatchObject({ code: 'terminated' });
      expect(body.destroyed).toBe(true);
      await expectNothingLeft(repository, 'signalled');
    },
  );

  test('a signal that was given before does nothing at all', async () => {
    const signal = AbortSignal.abort(new Failure('terminated', 'SIGTERM'));
    await expect(repository.put('never', 'x', { signal })).rejects.toMatchObject({ code: 'terminated' });
    await expect(repository.get('taken', { signal })).rejects.toMatchObject({ code: 'terminated' });
    await expectNothingLeft(repository, 'never');
  });

  test('an unfinished upload is listed with its key and can be aborted', async () => {
    const body = new PassThrough();
    const refused = expect(repository.put('deep/unfinished', body)).rejects.toBeInstanceOf(Failure);
    body.write(randomBytes(20 * MiB));
    await expect.poll(async () => (await collect(repository.unfinished())).length).toBe(1);
    const [upload] = await collect(repository.unfinished());
    expect(upload?.key).toBe('deep/unfinished');
    expect(Math.abs((upload?.startedAt.getTime() ?? 0) - Date.now())).toBeLessThan(10 * 60_000);
    expect(await collect(repository.list('deep/'))).toEqual([]);
    await upload?.abort();
    expect(await collect(repository.unfinished())).toEqual([]);
    await upload?.abort();
    body.end();
    await refused;
    await expectNothingLeft(repository, 'deep/unfinished');
  });

  test('what is not there: undefined from head, a failure from get, nothing to remove', async () => {
    expect(await repository.head('no/such')).toBeUndefined();
    await expect(repository.get('no/such')).rejects.toMatchObject({ code: 'repository-missing' });
    await repository.remove(['no/such', 'no/such either']);
    await repository.remove([]);
  });

  test.each([
    '',
    '/etc/passwd',
    '../up',
    'a/../../up',
    'a//b',
    'a/./b',
    'a/',
    '.partial-x',
    'nul\0',
    'x'.repeat(300),
  ])('the key %j is refused', async (key) => {
    await expect(repository.put(key, 'x')).rejects.toMatchObject({ code: 'repository-write' });
    await expect(repository.get(key)).rejects.toBeInstanceOf(Failure);
    await expect(repository.remove([key])).rejects.toBeInstanceOf(Failure);
  });

  test(`${manyKeys} keys are listed page by page and removed in batches`, async () => {
    const keys = Array.from({ length: manyKeys }, (_, number) => `many/${String(number).padStart(4, '0')}`);
    await made.seed(keys);
    const listed = await collect(repository.list('many/'));
    expect(listed.map(({ key }) => key).sort()).toEqual(keys);
    await repository.remove(keys);
    expect(await collect(repository.list('many/'))).toEqual([]);
  });
});

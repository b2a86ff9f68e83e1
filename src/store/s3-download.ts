import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../base/failure.ts';
import { chunksOf } from './body.ts';
import { checkKey } from './key.ts';
import type { ReadOptions } from './repository.ts';
import { objectName, urlOf, type S3Store } from './s3-client.ts';
import { s3Failure } from './s3-failure.ts';

/** Bytes that a connection must bring to count as a good one again. */
const goodBytes = 1024 * 1024;
const longestPauseMs = 10_000;

/** One answer to a GET: a body and which bytes of the object it promises. */
interface OpenBody {
  readonly body: Readable;
  readonly first: number;
  readonly last: number;
  readonly versionId: string | undefined;
}

/**
 * Reads an object, or a range of it. A body that breaks off or stalls is asked for again from the last byte that came,
 * so that the network of a long restore may fail now and then; `attempts` failures without a megabyte between them end
 * it. Memory is bounded by the stream's buffer.
 * @throws Failure `repository-missing`, `repository-*`; the stream fails with the same.
 */
export async function downloadObject(store: S3Store, key: string, options: ReadOptions): Promise<Readable> {
  checkKey(key);
  options.signal?.throwIfAborted();
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const opened = await openBody(store, key, options.range, undefined, signal);
  const chunks = resume(store, key, opened, signal);
  const stream = new Readable({
    highWaterMark: goodBytes,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, done) {
      options.signal?.removeEventListener('abort', abort);
      end.abort(error ?? new Error('the reader left'));
      opened.body.destroy();
      done(error);
    },
  });
  const abort = (): void => {
    stream.destroy(options.signal?.reason instanceof Error ? options.signal.reason : new Error('aborted'));
  };
  // Nobody may have begun to read it when it is destroyed; whoever reads it sees the error all the same.
  stream.on('error', () => undefined);
  options.signal?.addEventListener('abort', abort, { once: true });
  return stream;
}

async function* resume(
  store: S3Store,
  key: string,
  opened: OpenBody,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  const { last, versionId } = opened;
  let { body, first: position } = opened;
  let goodFrom = position;
  for (let failures = 0; ;) {
    try {
      for await (const chunk of chunksOf(body)) {
        position += chunk.length;
        if (position - 1 > last) throw tooLong(store, key, last);
        if (position - goodFrom >= goodBytes) {
          goodFrom = position;
          failures = 0;
        }
        yield chunk;
      }
      if (position > last) return;
      throw new Error(`the body ended ${last - position + 1} bytes early`);
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      if (error instanceof Failure || failures >= store.limits.attempts)
        throw s3Failure(error, 'read', store.location, key);
      goodFrom = position;
      await pause(failures, signal);
      ({ body } = await openBody(store, key, { first: position, last }, versionId, signal));
    }
  }
}

async function openBody(
  store: S3Store,
  key: string,
  range: ReadOptions['range'],
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<OpenBody> {
  const { sdk, client, location } = store;
  try {
    const answer = await client.send(
      new sdk.GetObjectCommand({
        Bucket: location.bucket,
        Key: objectName(location, key),
        ...(range !== undefined && { Range: `bytes=${range.first}-${range.last}` }),
        ...(versionId !== undefined && { VersionId: versionId }),
      }),
      { abortSignal: signal },
    );
    const { Body: body, ContentLength: length, ContentRange: shown, VersionId } = answer;
    if (!(body instanceof Readable) || length === undefined)
      throw new Error('the answer has no body or no length');
    const first = range?.first ?? 0;
    if (range !== undefined && shown?.startsWith(`bytes ${first}-`) !== true) {
      body.destroy();
      throw new Failure('repository-read', `${urlOf(location, key)}: the store does not answer ranges`, {
        hint: 'A proxy between may drop the Range header.',
        where: key,
      });
    }
    return { body, first, last: first + length - 1, versionId: VersionId };
  } catch (error) {
    signal.throwIfAborted();
    throw s3Failure(error, 'read', location, key);
  }
}

function tooLong(store: S3Store, key: string, last: number): Failure {
  return new Failure(
    'repository-read',
    `${urlOf(store.location, key)} sent more than its ${last + 1} bytes`,
    {
      where: key,
    },
  );
}

/** Exponential backoff with full jitter. */
async function pause(failures: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(longestPauseMs, 100 * 2 ** failures);
  await delay(Math.random() * longest, undefined, { signal });
}

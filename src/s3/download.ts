import { defined } from '../base/defined.ts';
import { Readable } from 'node:stream';
import { chunksOf } from '../base/body.ts';
import { Failure } from '../base/failure.ts';
import { ask } from './ask.ts';
import { urlOf, wire, type S3 } from './client.ts';
import { s3Failure } from './failure.ts';
import { targetOf } from './object.ts';
import { createWaits } from './patience.ts';

/** Bytes that a connection must bring to count as a good one again. */
const goodBytes = 1024 * 1024;

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Each answer has to bring its whole body within the limit for small ones. */
  readonly small?: true;
  /** First and last byte, both in it. */
  readonly range?: ByteRange | undefined;
  readonly versionId?: string | undefined;
}

/** First and last byte, both in it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** One answer to a GET: a body and which bytes of the object it promises. */
export interface OpenBody {
  readonly body: Readable;
  readonly first: number;
  readonly last: number;
  readonly versionId: string | undefined;
}

/**
 * Reads an object, or a range of it. A body that breaks off or stalls is asked for again from the last byte that came,
 * so that the network of a long restore may fail now and then, and the store be restarted. Memory is bounded by the
 * stream's buffer.
 * @throws Failure `repository-missing`, `repository-*`; the stream fails with the same.
 */
export async function downloadObject(s3: S3, key: string, options: DownloadOptions): Promise<Readable> {
  options.signal?.throwIfAborted();
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const opened = await openBody(s3, key, { ...options, signal });
  const chunks = resume(s3, key, opened, { signal, small: options.small });
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
  s3: S3,
  key: string,
  opened: OpenBody,
  { signal, small }: { readonly signal: AbortSignal; readonly small: true | undefined },
): AsyncGenerator<Uint8Array, undefined> {
  const { last, versionId } = opened;
  const { patience, limits } = s3[wire];
  const waits = createWaits(patience, urlOf(s3.location));
  let { body, first: position } = opened;
  let goodFrom = position;
  for (;;) {
    try {
      if (small === true) limitBody(body, limits.smallMs);
      for await (const chunk of chunksOf(body)) {
        position += chunk.length;
        if (position - 1 > last) throw tooLong(s3, key, last);
        if (position - goodFrom >= goodBytes) {
          goodFrom = position;
          waits.over();
        }
        yield chunk;
      }
      if (position > last) {
        waits.over();
        return;
      }
      throw brokenOff(`the body ended ${last - position + 1} bytes early`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Failure) throw error;
      goodFrom = position;
      await waits.after(error, signal).catch((given: unknown) => {
        signal.throwIfAborted();
        throw s3Failure(given, { action: 'read', key }, s3.location, waits.told());
      });
      ({ body } = await openBody(s3, key, { range: { first: position, last }, versionId, signal }));
    }
  }
}

/** A body that ends too early is a connection that broke, whatever it looked like. */
function brokenOff(what: string): Error {
  return Object.assign(new Error(what), { code: 'ECONNRESET' });
}

/** What is not there by then has no idle moment that would end it: a byte may come every second. */
function limitBody(body: Readable, ms: number): void {
  const late = Object.assign(new Error('the body came too slowly'), { name: 'TimeoutError' });
  const timer = setTimeout(() => body.destroy(late), ms);
  body.once('close', () => {
    clearTimeout(timer);
  });
}

/** One GET, whose body may break off. @throws Failure `repository-*` */
export async function openBody(
  s3: S3,
  key: string,
  { signal, range, versionId }: DownloadOptions,
): Promise<OpenBody> {
  const answer = await ask(
    s3,
    { action: 'read', key, signal },
    (sdk) =>
      new sdk.GetObjectCommand({
        ...targetOf(s3, key),
        ...(range !== undefined && { Range: `bytes=${range.first}-${range.last}` }),
        ...defined({ VersionId: versionId }),
      }),
  );
  const { Body: body, ContentLength: length, ContentRange: shown, VersionId } = answer;
  const first = range?.first ?? 0;
  if (!(body instanceof Readable) || length === undefined)
    throw unusable(s3, key, 'the answer has no body or no length', 'A proxy between may have changed it.');
  if (range !== undefined && shown?.startsWith(`bytes ${first}-`) !== true) {
    body.destroy();
    throw unusable(s3, key, 'the store does not answer ranges', 'A proxy between may drop the Range header.');
  }
  return { body, first, last: first + length - 1, versionId: VersionId };
}

function unusable(s3: S3, key: string, what: string, hint: string): Failure {
  const where = urlOf(s3.location, key);
  return new Failure('repository-read', `${where}: ${what}`, { hint, where, fields: { object: where } });
}

function tooLong(s3: S3, key: string, last: number): Failure {
  return unusable(s3, key, `sent more than its ${last + 1} bytes`, 'Nothing of it can be trusted.');
}

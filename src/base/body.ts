import { on } from 'node:events';
import { Readable } from 'node:stream';

/** What `put` takes, as one kind of stream. */
export function toReadable(body: Readable | Uint8Array | string): Readable {
  if (body instanceof Readable) return body;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
}

/** Chunks that wait for their reader before their source is paused. */
const mostWaiting = 4;

/**
 * The chunks of a body as bytes, as they come: a stream that is read by `for await` itself joins what has gathered in it,
 * which copies most of a download once more. An abort destroys the body, so that its source notices, and throws the
 * signal's own reason; a body that ends without having said so throws as well.
 */
export async function* chunksOf(body: Readable, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const abort = (): void => {
    body.destroy(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  const options = { close: ['end', 'close'], highWaterMark: mostWaiting };
  // An error may come before the first look at the body, or after the last; its reader is told all the same.
  body.on('error', () => undefined);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    refuseEnded(body);
    const events = on(body, 'data', options) as AsyncIterable<[Uint8Array | string]>;
    // A listener wakes no body that was paused before.
    body.resume();
    for await (const [chunk] of events) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
    signal?.throwIfAborted();
    if (!body.readableEnded) throw body.errored ?? new Error('the body was closed before its end');
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!body.readableEnded) body.destroy();
  }
}

/** One that is closed, or was read before, has no event left to tell. */
function refuseEnded(body: Readable): void {
  if (body.closed) throw body.errored ?? new Error('the body is closed');
  if (body.readableEnded) throw new Error('the body was read before');
}

/** Destroys a stream with the signal's reason when it aborts, and forgets the signal when the stream closes. */
export function destroyOnAbort(stream: Readable, signal: AbortSignal | undefined): Readable {
  if (signal === undefined) return stream;
  const abort = (): void => {
    stream.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  };
  // Nobody may have begun to read it when it is destroyed; whoever reads it sees the error all the same.
  stream.on('error', () => undefined);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return stream.once('close', () => {
    signal.removeEventListener('abort', abort);
  });
}

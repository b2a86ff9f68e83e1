import type { Readable } from 'node:stream';

/** How long a stream may stay open after every process that we know has ended, milliseconds. */
const lingerMs = 500;

/**
 * Resolves when a stream that somebody reads has ended; after its processes are gone it gets half a second, because
 * a grandchild in a session of its own can hold the pipe open for ever.
 */
export async function drained(stream: Readable, processesGone: Promise<unknown>): Promise<void> {
  if (stream.closed) return;
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });
  await Promise.race([closed, processesGone.catch(() => undefined)]);
  // Destroying a closed stream does nothing.
  const timer = setTimeout(() => stream.destroy(), lingerMs);
  await closed;
  clearTimeout(timer);
}

/**
 * Destroys a stream whose processes are gone, once nothing has come out of it for half a second although its reader
 * wants more: what is still in the pipe is delivered first, however slow or late the reader is.
 */
export function destroyWhenDry(stream: Readable & { readonly bytesRead: number }, reason: () => Error): void {
  let seen: number | undefined;
  const timer = setInterval(() => {
    if (stream.closed) {
      clearInterval(timer);
      return;
    }
    // Nobody reads yet, or a full buffer says that the reader is slow: neither means that the pipe is dry.
    const isWaiting = stream.readableFlowing !== null && stream.readableLength === 0;
    if (isWaiting && stream.bytesRead === seen) stream.destroy(reason());
    seen = isWaiting ? stream.bytesRead : undefined;
  }, lingerMs);
  timer.unref();
}

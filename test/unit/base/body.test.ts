import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chunksOf } from '../../../src/base/body.ts';

/** A source that has more to give than anybody wants, and counts what it was asked for. */
function source(): { readonly body: Readable; readonly asked: () => number } {
  let asked = 0;
  const body = new Readable({
    highWaterMark: 1,
    read() {
      asked += 1;
      this.push(Buffer.alloc(10));
    },
  });
  return { body, asked: () => asked };
}

test('chunks stay as they came, also when many wait, and text is bytes', async () => {
  const body = new Readable({
    read: () => undefined,
  });
  for (const chunk of ['a', 'bc', 'd', 'ef', 'g', 'hi', 'j']) body.push(chunk);
  body.push(null);
  const chunks: string[] = [];
  for await (const chunk of chunksOf(body)) {
    chunks.push(Buffer.from(chunk).toString());
    await turn();
  }
  expect(chunks).toEqual(['a', 'bc', 'd', 'ef', 'g', 'hi', 'j']);
});

test('a source waits for its reader, and is destroyed when that leaves', async () => {
  const { body, asked } = source();
  let read = 0;
  for await (const chunk of chunksOf(body)) {
    read += chunk.length / 10;
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(asked()).toBeLessThan(read + 10);
    if (read === 50) break;
  }
  expect(body.destroyed).toBe(true);
});

test('a body that was paused before is read whole', async () => {
  const body = Readable.from(['a', 'bc'].map((text) => Buffer.from(text)));
  body.pause();
  const chunks: string[] = [];
  for await (const chunk of chunksOf(body)) chunks.push(Buffer.from(chunk).toString());
  expect(chunks).toEqual(['a', 'bc']);
});

test('a body that was read before, and never closed, is refused', async () => {
  const body = new Readable({ autoDestroy: false, read: () => undefined });
  body.push('a');
  body.push(null);
  body.resume();
  await once(body, 'end');
  await expect(chunksOf(body).next()).rejects.toThrow('the body was read before');
});

test('a body that is aborted, broken, cut or closed before is no whole one', async () => {
  async function readAll(body: Readable, signal?: AbortSignal): Promise<void> {
    for await (const chunk of chunksOf(body, signal)) await turn(chunk);
  }
  const abort = new AbortController();
  const aborted = readAll(source().body, abort.signal);
  abort.abort(new Error('no more'));
  await expect(aborted).rejects.toThrow('no more');
  await expect(readAll(source().body, abort.signal)).rejects.toThrow('no more');

  const broken = source().body;
  const breaking = readAll(broken);
  broken.destroy(new Error('it broke'));
  await expect(breaking).rejects.toThrow('it broke');

  const cut = source().body;
  const cutting = readAll(cut);
  cut.destroy();
  await expect(cutting).rejects.toThrow('closed before its end');
  await expect(readAll(cut)).rejects.toThrow('the body is closed');
});

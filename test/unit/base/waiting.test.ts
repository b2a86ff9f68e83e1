import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { backoffMs, forEachOf, mapOf, together, withLimit } from '../../../src/base/waiting.ts';

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error(`ended: ${String(signal.reason)}`));
    });
  });
}

test('both results come back', async () => {
  const { signal } = new AbortController();
  expect(
    await together(
      signal,
      () => Promise.resolve(1),
      () => Promise.resolve('two'),
    ),
  ).toEqual([1, 'two']);
});

test('the first failure ends the other and is the one that is thrown', async () => {
  const { signal } = new AbortController();
  const cause = new Error('counting failed');
  await expect(together(signal, untilAborted, () => Promise.reject(cause))).rejects.toBe(cause);
  await expect(together(signal, () => Promise.reject(cause), untilAborted)).rejects.toBe(cause);
});

test('an abort from outside is thrown as its reason', async () => {
  const controller = new AbortController();
  const reason = new Error('too late');
  const both = together(controller.signal, untilAborted, untilAborted);
  controller.abort(reason);
  await expect(both).rejects.toBe(reason);
});

test('what the first failure brings down around it does not take its place', async () => {
  const outer = new AbortController();
  const cause = new Error('the artifact is damaged');
  const other = async (signal: AbortSignal): Promise<never> => {
    await untilAborted(signal).catch(() => {
      outer.abort(new Error('the reader has gone'));
    });
    throw new Error('ended');
  };
  await expect(together(outer.signal, other, () => Promise.reject(cause))).rejects.toBe(cause);
});

test('a pool works on some at once and gives what they came to in their order', async () => {
  let running = 0;
  let most = 0;
  const results = await mapOf([5, 1, 4, 2, 3], { atOnce: 2 }, async (item) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < item; turn += 1) await Promise.resolve();
    running -= 1;
    return item * 2;
  });
  expect(results).toEqual([10, 2, 8, 4, 6]);
  expect(most).toBe(2);
});

test('the first failure of a pool ends the others, nothing is taken after it, and nothing runs when it returns', async () => {
  const cause = new Error('the third failed');
  const begun: number[] = [];
  let running = 0;
  let isClosed = false;
  function* items(): Generator<number> {
    try {
      for (let item = 1; ; item += 1) yield item;
    } finally {
      isClosed = true;
    }
  }
  const work = forEachOf(items, { atOnce: 4 }, async (item, signal) => {
    begun.push(item);
    running += 1;
    if (item === 3) {
      running -= 1;
      throw cause;
    }
    await untilAborted(signal).catch(() => undefined);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    running -= 1;
  });
  await expect(work).rejects.toBe(cause);
  expect({ running, isClosed, begun: begun.length }).toEqual({ running: 0, isClosed: true, begun: 4 });
});

test('a pool that is called off throws the reason and is over', async () => {
  const outer = new AbortController();
  const reason = new Error('enough');
  const done: number[] = [];
  const work = forEachOf([1, 2, 3], { atOnce: 2, signal: outer.signal }, async (item, signal) => {
    if (item === 2) outer.abort(reason);
    else await untilAborted(signal).catch(() => undefined);
    done.push(item);
  });
  await expect(work).rejects.toBe(reason);
  expect(done.sort()).toEqual([1, 2]);
});

test('a failing source of items is the failure', async () => {
  async function* items(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    throw new Error('the listing broke off');
  }
  await expect(forEachOf(items(), { atOnce: 3 }, () => Promise.resolve())).rejects.toThrow('broke off');
});

test('a limit is told to what it ends, which has its grace', async () => {
  const over = (): Error => new Error('too long');
  let ended = false;
  const listening = withLimit({ clock: systemClock, limitMs: 1, over, graceMs: 60_000 }, (signal) =>
    untilAborted(signal).catch(() => {
      ended = true;
    }),
  );
  await expect(listening).rejects.toThrow('too long');
  expect(ended).toBe(true);
  const deaf = withLimit({ clock: systemClock, limitMs: 1, over }, () => new Promise(() => undefined));
  await expect(deaf).rejects.toThrow('too long');
  await expect(
    withLimit({ clock: systemClock, limitMs: 60_000, over }, () => Promise.resolve('done')),
  ).resolves.toBe('done');
});

test('pauses double up to the longest, and are cut by up to half', () => {
  const policy = { firstMs: 100, longestMs: 1000 };
  const pauses = (random: number): number[] =>
    [1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, policy, () => random));
  expect(pauses(0)).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
  expect(pauses(1)).toEqual([50, 100, 200, 400, 500, 500, 500]);
});

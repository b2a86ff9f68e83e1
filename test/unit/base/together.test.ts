import { expect, test } from 'vitest';
import { together } from '../../../src/base/together.ts';

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

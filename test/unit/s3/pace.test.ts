import { expect, test } from 'vitest';
import { createPace } from '../../../src/s3/pace.ts';
import { virtualClock } from '../../fixtures/virtual-clock.ts';

/** As the SDK throws what a store answers that asks to be left alone. */
function slowDown(retryAfter?: string): Error {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const answer = { $metadata: { httpStatusCode: 503 }, $response: { headers } };
  return Object.assign(new Error('reduce your request rate'), { name: 'SlowDown', ...answer });
}

/** Two requests at once, refused once each; gives when they were sent, seconds. */
async function sentAt(first: Error, second: Error): Promise<readonly number[]> {
  const clock = virtualClock();
  const pace = createPace({ clock, most: 2, random: () => 0.5, onSlowDown: () => undefined });
  const times: number[] = [];
  const refusedOnce = (error: Error): (() => Promise<void>) => {
    const left = [error];
    return () => {
      times.push(clock.monotonicMs() / 1000);
      const refusal = left.pop();
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    };
  };
  const both = [first, second].map((error) => pace.keep(refusedOnce(error), undefined));
  await clock.run(Promise.all(both));
  return times;
}

test('a store that says for how long is left alone for so long, by everybody', async () => {
  expect(await sentAt(slowDown('42'), slowDown())).toEqual([0, 0, 42, 42]);
});

test('the longest of what it says to requests that it refuses together counts', async () => {
  expect(await sentAt(slowDown(), slowDown('17'))).toEqual([0, 0, 17, 17]);
});

import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/uploads/decision.ts';
import { historiesOf, type KeyHistory } from '../../../src/uploads/key-history.ts';
import { compareKeys } from '../../../src/s3/key-order.ts';
import { listVersions, type ObjectVersion } from '../../../src/s3/versions.ts';
import { fc } from '../../fixtures/property.ts';

function version(at: number, more: Partial<ObjectVersion> = {}): ObjectVersion {
  return { key: 'k', versionId: `v${at}`, kind: 'object', at, latest: false, bytes: 1, etag: `e${at}`, storageClass: 'STANDARD', ...more }; // prettier-ignore
}

/** Newest first, the first one current, as a store lists. */
function listed(...versions: readonly ObjectVersion[]): ObjectVersion[] {
  return versions.map((each, index) => ({ ...each, latest: index === 0 }));
}

async function historyOf(versions: readonly ObjectVersion[], at: number): Promise<KeyHistory> {
  for await (const history of historiesOf(toAsync(versions), { at })) return history;
  throw new Error('no history');
}

async function* toAsync<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  await Promise.resolve();
  yield* items;
}

const facts = (at: number, expiry?: number): Parameters<typeof decide>[1] => ({
  at,
  nowMs: 1_000_000,
  expiryOf: () => expiry,
});

describe('a key is brought back', () => {
  const marker = { kind: 'marker', bytes: 0, etag: '' } as const;
  test.each([
    ['unchanged since', [version(10)], 20, 'none', undefined],
    ['overwritten since', [version(30), version(10)], 20, 'promote', 'v10'],
    ['deleted since', [version(30, marker), version(10)], 20, 'promote', 'v10'],
    ['born later', [version(30)], 20, 'hide', undefined],
    ['deleted then and now', [version(30, marker), version(10)], 40, 'none', undefined],
    ['deleted then, born again', [version(30), version(15, marker), version(10)], 20, 'hide', undefined],
    ['of equal times the first listed counts', [version(30), version(10, { versionId: 'later' }), version(10)], 20, 'promote', 'later'],
    ['the very millisecond counts', [version(30), version(20), version(10)], 20, 'promote', 'v20'],
  ] as const)('%s', async (_, versions, at, action, promoted) => {
    const decision = decide(await historyOf(listed(...versions), at), facts(at));
    expect(decision).toMatchObject({ action, doubt: undefined });
    if (promoted !== undefined) expect(decision.wanted?.versionId).toBe(promoted);
  });
}); // prettier-ignore

describe('a key cannot be trusted', () => {
  const none = { versionId: 'null' };
  test.each([
    ['its null version was written later', [version(30, none), version(10)], 20, undefined, 'null-overwritten'],
    ['not when the null is older', [version(30), version(10, none)], 20, undefined, undefined],
    ['nor when the null was current then', [version(30), version(20, none), version(10)], 25, undefined, undefined],
    ['no version is so old, and it may have expired', [version(30)], 20, 999_970, 'may-have-expired'],
    ['not when nothing can have expired yet', [version(30)], 20, 999_971, undefined],
    ['nor when a version is old enough', [version(30), version(10)], 20, 1, undefined],
    ['order and time disagree on what counts', [version(30), version(5), version(10)], 20, undefined, 'disordered'],
    ['not when they disagree elsewhere', [version(30), version(20), version(5), version(10)], 25, undefined, undefined],
  ] as const)('%s', async (_, versions, at, expiry, doubt) => {
    expect(decide(await historyOf(listed(...versions), at), facts(at, expiry)).doubt).toBe(doubt);
  });
}); // prettier-ignore

test('after every decision is done, a model of any history is as it was, and no version is gone', async () => {
  const event = fc.record({ kind: fc.constantFrom('object' as const, 'marker' as const), gap: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 12 }), fc.nat(40), async (events, at) => {
      const history: ObjectVersion[] = [];
      let time = 0;
      /** What the key held last at or before the instant: its version, or nothing. */
      let expected: string | undefined;
      for (const [index, { kind, gap }] of events.entries()) {
        time += gap;
        history.unshift(version(time, { kind, versionId: `n${index}` }));
        if (time <= at) expected = kind === 'object' ? `n${index}` : undefined;
      }
      const decision = decide(await historyOf(listed(...history), at), facts(at));
      const current = history[0]?.kind === 'object' ? history[0].versionId : undefined;
      const after =
        decision.action === 'none'
          ? current
          : decision.action === 'hide'
            ? undefined
            : decision.wanted?.versionId;
      expect(after).toBe(expected);
      expect(decision.doubt).toBeUndefined();
    }),
    { numRuns: 3000 },
  );
});

test('keys are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, other) => {
      expect(Math.sign(compareKeys(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
    }),
    { numRuns: 2000 },
  );
  expect(compareKeys('\u{ffee}', '😀')).toBeLessThan(0);
});

test('a listing out of order, or one that does not go on, is refused', async () => {
  const read = async (pages: () => ReturnType<Parameters<typeof listVersions>[0]>): Promise<number> => {
    let count = 0;
    for await (const each of listVersions(pages)) count += each.bytes;
    return count;
  };
  const end = { name: 'b', versionId: 'v1' };
  await expect(
    read(() =>
      Promise.resolve({ versions: [version(1, { key: 'b' }), version(1, { key: 'a' })], next: undefined }),
    ),
  ).rejects.toThrow('not in order');
  await expect(read(() => Promise.resolve({ versions: [version(1)], next: end }))).rejects.toThrow(
    'does not go on',
  );
});

test('canaries of lifecycle rules have no history: they are neither restored nor orphans', async () => {
  const keys = [
    '.run-plan-canary/0123456789abcdef',
    'photos/.run-plan-canary/0123456789abcdef',
    'photos/.run-plan-canary/mine.jpg',
    'photos/a.jpg',
  ];
  const versions = keys.flatMap((key) => [
    version(30, { key, latest: true }),
    version(10, { key, kind: 'object' }),
  ]);
  const found: string[] = [];
  for await (const { key } of historiesOf(toAsync(versions), { at: 20 })) found.push(key);
  expect(found).toEqual(['photos/.run-plan-canary/mine.jpg', 'photos/a.jpg']);
});

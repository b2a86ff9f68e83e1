import { expect, inject, test } from 'vitest';
import { readUploadsInstant } from '../../../src/artifact/uploads-instant.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { freeLoopbackPort } from '../../../src/postgres/loopback-port.ts';
import { createUploads } from './uploads-ground.ts';

const services = inject('services');

/** Reads the instant of a bucket on a host whose clock is `aheadMs` before the store's. */
async function read(
  endpoint: string,
  aheadMs: number,
): Promise<{
  readonly instant: Awaited<ReturnType<typeof readUploadsInstant>>;
  readonly warnings: string[];
}> {
  const uploads = await createUploads(services, endpoint);
  const warnings: string[] = [];
  const report = {
    progress: () => undefined,
    phase: () => undefined,
    note: () => undefined,
    warn: (text: string) => void warnings.push(text),
  };
  const clock = { ...systemClock, now: () => new Date(Date.now() + aheadMs) };
  try {
    const { environment, secrets } = uploads;
    const lent = { environment, secrets, signal: new AbortController().signal, clock, report };
    return { instant: await readUploadsInstant(lent), warnings };
  } finally {
    await uploads.remove();
  }
}

test('the instant is not before the moment it was asked at, and the skew of the host is measured', async () => {
  const before = Date.now();
  const { instant, warnings } = await read(services.s3.endpoint, 90_000);
  expect(Date.parse(instant?.time ?? '')).toBeGreaterThanOrEqual(before);
  expect(Date.parse(instant?.time ?? '')).toBeLessThan(Date.now() + 1000);
  expect(instant?.time?.endsWith('.999Z')).toBe(true);
  // The host is 90 s ahead; the clock tells whole seconds, and a slow machine may answer late.
  expect(Math.abs((instant?.skewMs ?? 0) + 90_000)).toBeLessThan(5_000);
  expect(warnings).toEqual([]);
});

test('a bucket that does not answer is a warning, and the manifest says why there is no time', async () => {
  const { instant, warnings } = await read(`http://127.0.0.1:${await freeLoopbackPort()}`, 0);
  expect(instant).toMatchObject({
    time: null,
    skewMs: null,
    unread: expect.stringContaining('refused') as string,
  });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('could not be read');
});

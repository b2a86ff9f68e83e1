import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { patientLimits } from '../../../src/s3/client.ts';
import { openRepository } from '../../../src/store/open.ts';
import type { Repository } from '../../../src/store/repository.ts';
import { startNativeS3, type NativeS3 } from '../../services/native-s3.ts';
import { createBucket, putObjects } from '../../services/bucket.ts';
import { s3Location, s3Secrets } from '../../services/repository.ts';
import type { Services } from '../../services/services.ts';

const services = inject('services');
const MiB = 1024 * 1024;
const bytes = randomBytes(40 * MiB);

let gateway: NativeS3;
let bucket: string;
let own: Services;

beforeAll(async () => {
  if (services.s3.gatewayImage !== undefined) return;
  gateway = await startNativeS3();
  own = { ...services, s3: gateway.service };
  bucket = await createBucket(own, {});
});
afterAll(async () => {
  if (services.s3.gatewayImage === undefined) await gateway.stop();
});

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** With a store that comes back once it is seen to be waited for. */
async function acrossRestart<Result>(action: (repository: Repository) => Promise<Result>): Promise<Result> {
  const told: string[] = [];
  let revived: Promise<void> | undefined;
  const repository = await openRepository(
    { store: { kind: 's3', s3: s3Location(own, bucket) } },
    s3Secrets(own),
    {
      limits: patientLimits,
      onWait: ({ text, isOver }) => {
        if (isOver) told.push(text);
        else revived ??= gateway.revive();
      },
    },
  );
  try {
    const result = await action(repository);
    expect(revived).toBeDefined();
    expect(told[0]).toMatch(/^waited .* for the store s3:\/\/.* \(\d+ tries\)$/);
    return result;
  } finally {
    await revived;
    await repository.close();
  }
}

test.skipIf(services.s3.gatewayImage !== undefined)(
  'a put, a get and a listing outlast a store that is killed and started again meanwhile',
  async () => {
    async function* body(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 20 * MiB);
      await gateway.kill();
      yield bytes.subarray(20 * MiB);
    }
    const stored = await acrossRestart((repository) =>
      repository.put('large', Readable.from(body(), { objectMode: false })),
    );
    expect(stored.bytes).toBe(bytes.length);

    const read = await acrossRestart(async (repository) => {
      const stream = await repository.get('large');
      await gateway.kill();
      return await buffer(stream);
    });
    expect(sha256(read)).toBe(sha256(bytes));

    const names = Array.from({ length: 1_200 }, (_, number) => `many/${number}`);
    await putObjects(own, bucket, names.map((name) => `prod/${name}`)); // prettier-ignore
    const listed = await acrossRestart(async (repository) => {
      const found: string[] = [];
      for await (const { key } of repository.list('many/')) {
        if (found.length === 0) await gateway.kill();
        found.push(key);
      }
      return found;
    });
    expect(listed.sort()).toEqual(names.sort());
  },
);

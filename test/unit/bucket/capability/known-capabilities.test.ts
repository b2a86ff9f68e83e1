import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCapabilities, writeCapabilities } from '../../../../src/bucket/capability/known-capabilities.ts';
import { capabilityLooks } from '../../../../src/check/doctor/capability-looks.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import { lacksOf } from '../../../../src/bucket/capability/lacks.ts';
import { parseEnvironments } from '../../../../src/language/environment/load-environments.ts';
import type { Bucket } from '../../../../src/language/environment/bucket.ts';

const endpoint = 'https://s3.internal:9000';
const probedAt = new Date('2025-01-01T00:00:00Z');
const soon = new Date('2025-01-30T00:00:00Z');
const late = new Date('2025-02-01T00:00:00Z');
const capabilities = [
  { name: 'versioning', state: 'yes', found: 'two versions' },
  { name: 'lifecycle-keep-newest', state: 'no', found: 'dropped in silence' },
  { name: 'default-encryption-aes256', state: 'no', found: 'refused' },
  { name: 'object-lock', state: 'unknown', found: 'not allowed' },
] as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-known-'));
});
afterEach(() => rm(folder, { recursive: true }));

function bucketOf(yaml: string): Bucket {
  const text = `environments: { dev: { repository: { folder: x } } }
buckets:
  pictures:
${yaml}`;
  const { buckets, problems } = parseEnvironments(
    { file: 'plans/environments.yaml', text, bytes: Buffer.from(text) },
    {},
  );
  expect(problems).toEqual([]);
  const bucket = buckets.get('pictures');
  if (bucket === undefined) throw new Error('the fixture has a bucket');
  return bucket as Bucket;
}

test('what was seen of a store is kept by its endpoint and grows old', async () => {
  expect(await readCapabilities(folder, endpoint, soon)).toBeUndefined();
  await writeCapabilities(folder, { endpoint, probedAt, capabilities });
  expect(await readCapabilities(folder, endpoint, soon)).toEqual({
    endpoint,
    probedAt,
    isStale: false,
    capabilities,
  });
  expect((await readCapabilities(folder, endpoint, late))?.isStale).toBe(true);
  expect(await readCapabilities(folder, 'https://other.internal', soon)).toBeUndefined();
  const [file = ''] = await readdir(join(folder, 'stores'));
  await writeFile(join(folder, 'stores', file), '{"format":1}');
  expect(await readCapabilities(folder, endpoint, soon)).toBeUndefined();
});

test('a damaged note of a store is a warning of doctor with its file and place', async () => {
  await writeCapabilities(folder, { endpoint, probedAt, capabilities });
  const [file = ''] = await readdir(join(folder, 'stores'));
  await writeFile(join(folder, 'stores', file), '{"format":2}');
  const bucket = bucketOf(`    versioning: true`);
  const patient = { buckets: [bucket], environments: [] } as unknown as Parameters<typeof capabilityLooks>[0];
  const instruments = { stateFolder: folder, clock: systemClock, fresh: false } as Parameters<
    typeof capabilityLooks
  >[1];
  const [look] = capabilityLooks(
    { ...patient, buckets: [{ ...bucket, connection: { ...bucket.connection, endpoint } }] },
    instruments,
  );
  const [finding] = (await look?.take(new AbortController().signal)) ?? [];
  expect(finding?.state).toBe('warn');
  expect(finding?.found).toContain(`${file} is not valid`);
});

test('what the YAML asks for and the store was seen not to have is told at its place, with what to do instead', async () => {
  await writeCapabilities(folder, { endpoint, probedAt, capabilities });
  const bucket = bucketOf(`    versioning: true
    encryption: { algorithm: AES256 }
    object-lock: { mode: governance, for: 14d }
    lifecycle:
      - { id: first, expire-after: 5d }
      - id: old-versions
        noncurrent:
          expire-after: 30d
          keep-newest: 3
`);
  const lacks = lacksOf(bucket, await readCapabilities(folder, endpoint, soon));
  expect(
    lacks.map(({ setting, failure: { code, where, hint } }) => [setting, code, where, hint?.slice(0, 24)]),
  ).toEqual([
    ['encryption', 'store-lacks', 'plans/environments.yaml:5:30', 'say encryption: in the r'],
    ['lifecycle', 'store-lacks', 'plans/environments.yaml:12:24', 'leave keep-newest out an'],
  ]);
  expect(lacksOf(bucket, await readCapabilities(folder, endpoint, late))).toEqual([]);
  expect(lacksOf(bucket, undefined)).toEqual([]);
  const modest = bucketOf('    lifecycle: [{ id: first, expire-after: 5d }]\n');
  expect(lacksOf(modest, await readCapabilities(folder, endpoint, soon))).toEqual([]);
});

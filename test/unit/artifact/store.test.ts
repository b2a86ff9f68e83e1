import { describe, expect, test } from 'vitest';
import { manifestBytesLimit } from '../../../src/artifact/manifest.ts';
import { manifestKey, verificationKey } from '../../../src/artifact/name.ts';
import { listArtifacts, readContents, readManifest } from '../../../src/artifact/store.ts';
import { renderVerification } from '../../../src/artifact/verification-mark.ts';
import { Failure } from '../../../src/base/failure.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { sampleManifest, sampleVerification, storeArtifact } from '../../fixtures/stored-artifact.ts';

const at = '2025-01-01T02:00:00Z';
const name = 'pg_cleaning_20250101T020000Z';
const dumpKey = `${name}.dump.zst`;

function overwrite(repository: MemoryRepository, key: string, bytes: Buffer | string): void {
  repository.objects.set(key, { bytes: Buffer.from(bytes), modifiedAt: repository.now });
}

async function onlyState(repository: MemoryRepository): Promise<string> {
  const [artifact] = await listArtifacts(repository);
  return artifact === undefined
    ? 'not listed'
    : `${artifact.state}${'reason' in artifact ? `: ${artifact.reason}` : ''}`;
}

describe('an artifact', () => {
  test('with all its files and a mark of its manifest is verified', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at);
    const [artifact] = await listArtifacts(repository);
    expect(artifact).toMatchObject({
      name,
      database: 'cleaning',
      environment: 'prod',
      createdAt: new Date(at),
      state: 'verified',
    });
    expect(artifact?.objects).toHaveLength(3);
    expect(artifact?.facts).not.toHaveProperty('fingerprint');
  });

  test('without a mark is unverified', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at, { verified: false });
    expect(await onlyState(repository)).toBe('unverified: it was never read back');
  });

  test.each([
    [
      'of another manifest',
      { manifestSha256: 'f'.repeat(64) },
      'its verification speaks of another manifest',
    ],
    [
      'of another artifact',
      { name: 'pg_shop_20250101T020000Z' },
      'its verification speaks of pg_shop_20250101T020000Z',
    ],
    ['older than it', { verifiedAt: '2025-01-01T01:59:59Z' }, 'its verification is older than the artifact'],
    ['made at no time', { verifiedAt: 'yesterday' }, 'its verification is older than the artifact'],
    ['of its head only', { depth: 'head' as const }, 'only its head was verified'],
  ])('with a mark %s is unverified', async (_, change, reason) => {
    const repository = memoryRepository();
    const manifest = await storeArtifact(repository, at, { verified: false });
    await repository.put(
      verificationKey(name),
      renderVerification({ ...sampleVerification(manifest), ...change }),
    );
    expect(await onlyState(repository)).toBe(`unverified: ${reason}`);
  });

  test.each([
    ['garbage', 'not { json', 'its verification is not JSON at line 1, column 1'],
    ['another shape', '{"format":1}', "its verification is not valid: must have required property 'name'"],
    ['a huge file', ' '.repeat(70_000), 'its verification is larger than the limit of 65536 bytes'],
  ])('with %s for a mark is unverified', async (_, text, reason) => {
    const repository = memoryRepository();
    await storeArtifact(repository, at, { verified: false });
    await repository.put(verificationKey(name), text);
    expect(await onlyState(repository)).toBe(`unverified: ${reason}`);
  });

  test('with a missing file is damaged, mark or no mark', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at);
    repository.objects.delete(dumpKey);
    expect(await onlyState(repository)).toBe(`damaged: ${dumpKey} is missing`);
  });

  test('with a truncated file is damaged', async () => {
    const repository = memoryRepository();
    const manifest = await storeArtifact(repository, at);
    overwrite(repository, dumpKey, 'short');
    expect(await onlyState(repository)).toBe(
      `damaged: ${dumpKey} has 5 bytes where its manifest says ${String(manifest.dump.storedBytes)}`,
    );
  });

  test('of 0 bytes is damaged although its manifest says 0 bytes', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at, { dump: Buffer.alloc(0) });
    expect(await onlyState(repository)).toBe(`damaged: ${dumpKey} is empty`);
  });

  test.each([
    ['that is not JSON', '<html>503</html>', 'its manifest is not JSON at line 1, column 1'],
    ['that is empty', '', 'its manifest is empty'],
    ['of another shape', '{"format":1}', "its manifest is not valid: must have required property 'name'"],
    ['that is an array', '[]', 'its manifest is not valid: must be object'],
    [
      'that is larger than any',
      ' '.repeat(manifestBytesLimit + 1),
      `its manifest is larger than the limit of ${String(manifestBytesLimit)} bytes`,
    ],
  ])('with a manifest %s is damaged, and the others are listed all the same', async (_, text, reason) => {
    const repository = memoryRepository();
    await storeArtifact(repository, '2024-12-31T02:00:00Z');
    await storeArtifact(repository, at);
    overwrite(repository, manifestKey(name), text);
    const artifacts = await listArtifacts(repository);
    expect(artifacts.map(({ state }) => state)).toEqual(['damaged', 'verified']);
    expect(artifacts[0]).toMatchObject({
      name,
      database: 'cleaning',
      environment: undefined,
      createdAt: new Date(at),
      reason,
    });
  });

  test.each([
    ['another name', { name: 'pg_shop_20250101T020000Z' }, 'its manifest speaks of pg_shop_20250101T020000Z'],
    ['another database', { database: 'shop' }, 'its manifest names the database shop, its name another'],
    [
      'another time',
      { createdAt: '2025-06-01T02:00:00.000Z' },
      'its manifest was made at 2025-06-01T02:00:00.000Z, its name says another time',
    ],
  ])('whose manifest says %s is damaged', async (_, change, reason) => {
    const repository = memoryRepository();
    const manifest = await storeArtifact(repository, at, { verified: false });
    overwrite(repository, manifestKey(name), JSON.stringify({ ...manifest, ...change }));
    expect(await onlyState(repository)).toBe(`damaged: ${reason}`);
  });

  test('whose manifest lists another artifact’s file is damaged', async () => {
    const repository = memoryRepository();
    const foreign = sampleManifest('2025-01-02T02:00:00Z').files;
    await storeArtifact(repository, at, { change: (manifest) => ({ ...manifest, files: foreign }) });
    expect(await onlyState(repository)).toBe(
      'damaged: its manifest lists the file pg_cleaning_20250102T020000Z.dump.zst, which is not its own',
    );
  });
});

describe('a listing', () => {
  test('shows what has no manifest as leftovers only', async () => {
    const repository = memoryRepository();
    await repository.put(dumpKey, 'half');
    await repository.put(`${name}.dump.zst.sha256`, 'sum');
    const { artifacts, leftovers } = await readContents(repository);
    expect(artifacts).toEqual([]);
    expect(leftovers).toMatchObject([{ name, database: 'cleaning', at: new Date(at), bytes: 7 }]);
  });

  test('is newest first by the manifest, whatever order and times the store gives', async () => {
    const repository = memoryRepository();
    for (const time of ['2025-01-02T02:00:00Z', '2025-01-03T02:00:00Z', '2025-01-01T02:00:00Z']) {
      await storeArtifact(repository, time);
      repository.now = new Date(repository.now.getTime() - 3_600_000);
    }
    const days = (await listArtifacts(repository)).map(({ createdAt }) => createdAt.getUTCDate());
    expect(days).toEqual([3, 2, 1]);
  });

  test('leaves keys alone that are not an artifact’s', async () => {
    const repository = memoryRepository();
    for (const key of ['runs/nightly-prod/x.json', 'pg_hba.conf', 'pg_cleaning_20250101T020000Z', `${name}.dump.gz`, `${name}.dump.zst.bak`, `old/${dumpKey}`, 'pg_x_20250230T020000Z.dump']) {
      await repository.put(key, 'foreign');
    } // prettier-ignore
    expect(await readContents(repository)).toEqual({ artifacts: [], leftovers: [] });
  });

  test('passes over an artifact that another run removes meanwhile', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at);
    repository.onRequest = (request, key) => {
      if (request === 'get') repository.objects.delete(key);
    };
    expect(await readContents(repository)).toEqual({ artifacts: [], leftovers: [] });
  });

  test('fails when the store fails, rather than showing less', async () => {
    const repository = memoryRepository();
    await storeArtifact(repository, at);
    repository.onRequest = (request) => {
      if (request === 'get') throw new Failure('repository-unreachable', 'no answer');
    };
    await expect(listArtifacts(repository)).rejects.toThrow('no answer');
  });

  test('of 1,000 artifacts takes one listing, two reads each and never more than eight at once', async () => {
    const repository = memoryRepository();
    for (let index = 0; index < 1000; index += 1) {
      await storeArtifact(repository, new Date(Date.UTC(2022, 0, 1) + index * 86_400_000).toISOString());
    }
    expect(await listArtifacts(repository)).toHaveLength(1000);
    expect(repository.requests).toMatchObject({ list: 1, get: 2000, head: 0 });
    expect(repository.mostReadsInFlight()).toBeLessThanOrEqual(8);
  });
});

describe('readManifest', () => {
  test('gives the fingerprint too', async () => {
    const repository = memoryRepository();
    const manifest = await storeArtifact(repository, at);
    expect((await readManifest(repository, name)).manifest).toEqual(manifest);
  });

  test('refuses what has none, and a damaged one', async () => {
    const repository = memoryRepository();
    await expect(readManifest(repository, name)).rejects.toMatchObject({ code: 'artifact-missing' });
    await repository.put(manifestKey(name), '{}');
    await expect(readManifest(repository, name)).rejects.toMatchObject({ code: 'artifact-damaged' });
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { markDrilled, renderDrillMark, type SucceededDrill } from '../../../src/artifact/drill-mark.ts';
import { renderManifest } from '../../../src/artifact/manifest.ts';
import { drillKey } from '../../../src/artifact/name.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { Failure } from '../../../src/base/failure.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';

const at = '2025-01-01T02:00:00Z';
const { signal } = new AbortController();

async function stored(
  verified = true,
): Promise<{ readonly repository: MemoryRepository; readonly drill: SucceededDrill }> {
  const repository = memoryRepository();
  const manifest = await storeArtifact(repository, at, { verified });
  return {
    repository,
    drill: {
      name: manifest.name,
      drilledAt: new Date('2025-01-02T04:10:00Z'),
      runId: 'drill-staging-20250102T030000Z-3fa9',
      plan: 'drill-staging',
      manifestSha256: createHash('sha256').update(renderManifest(manifest)).digest('hex'),
      recoveryMs: 4_200_000,
    },
  };
}

async function listedDrill(repository: MemoryRepository): Promise<unknown> {
  const [artifact] = await listArtifacts(repository);
  expect(artifact?.drill?.drilledAt).toBe(artifact?.drilledAt?.toISOString());
  return artifact?.drill;
}

describe('a drill mark', () => {
  test('is what the listing shows of the artifact', async () => {
    const { repository, drill } = await stored();
    expect(await listedDrill(repository)).toBeUndefined();
    await markDrilled(repository, drill, signal);
    expect(await listedDrill(repository)).toEqual({
      ...drill,
      format: 1,
      drilledAt: '2025-01-02T04:10:00.000Z',
    });
    expect((await listArtifacts(repository))[0]?.objects.map(({ key }) => key)).toContain(
      drillKey(drill.name),
    );
  });

  test('counts for an artifact that is not verified too, and not for a damaged one', async () => {
    const { repository, drill } = await stored(false);
    await markDrilled(repository, drill, signal);
    expect(await listedDrill(repository)).toBeDefined();
    repository.objects.delete(`${drill.name}.dump.zst`);
    expect(await listedDrill(repository)).toBeUndefined();
  });

  test('takes the place of an older one', async () => {
    const { repository, drill } = await stored();
    await markDrilled(repository, drill, signal);
    await markDrilled(
      repository,
      { ...drill, drilledAt: new Date('2025-04-02T04:00:00Z'), runId: 'newer' },
      signal,
    );
    expect(await listedDrill(repository)).toMatchObject({
      runId: 'newer',
      drilledAt: '2025-04-02T04:00:00.000Z',
    });
  });

  test('that the store does not let go stays, and that is no failure', async () => {
    const { repository, drill } = await stored();
    await markDrilled(repository, drill, signal);
    repository.locked.add(drillKey(drill.name));
    await markDrilled(repository, { ...drill, runId: 'newer' }, signal);
    expect(await listedDrill(repository)).toMatchObject({ runId: drill.runId });
  });

  test('that cannot be written is a failure', async () => {
    const { repository, drill } = await stored();
    repository.onRequest = (request) => {
      if (request === 'put') throw new Failure('repository-write', 'disk full');
    };
    await expect(markDrilled(repository, drill, signal)).rejects.toThrow('disk full');
  });

  test.each([
    ['of another manifest', { manifestSha256: 'f'.repeat(64) }],
    ['of another artifact', { name: 'pg_shop_20250101T020000Z' }],
    ['made at no time', { drilledAt: 'yesterday' }],
    ['with a recovery that ended before it began', { recoveryMs: -1 }],
  ])('%s does not count, and harms nothing', async (_, change) => {
    const { repository, drill } = await stored();
    const mark = { format: 1 as const, ...drill, drilledAt: '2025-01-02T04:10:00.000Z', ...change };
    await repository.put(drillKey(drill.name), renderDrillMark(mark));
    expect(await listedDrill(repository)).toBeUndefined();
    expect((await listArtifacts(repository))[0]?.state).toBe('verified');
  });

  test.each([
    ['garbage', 'not { json'],
    ['another shape', '{"format":1}'],
    ['a huge file', ' '.repeat(70_000)],
  ])('that is %s does not count, and harms nothing', async (_, text) => {
    const { repository, drill } = await stored();
    await repository.put(drillKey(drill.name), text);
    expect(await listedDrill(repository)).toBeUndefined();
    expect((await listArtifacts(repository))[0]?.state).toBe('verified');
  });

  test('costs a read only where the listing has one', async () => {
    const { repository, drill } = await stored();
    await storeArtifact(repository, '2025-01-02T02:00:00Z');
    await markDrilled(repository, drill, signal);
    repository.requests.get = 0;
    await listArtifacts(repository);
    expect(repository.requests.get).toBe(5);
  });
});

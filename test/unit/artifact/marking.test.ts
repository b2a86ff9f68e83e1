import { expect, test } from 'vitest';
import { markVerified } from '../../../src/artifact/marking.ts';
import { verificationKey } from '../../../src/artifact/name.ts';
import { listArtifacts, readManifest } from '../../../src/artifact/store.ts';
import { renderVerification } from '../../../src/artifact/verification-mark.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { sampleVerification, storeArtifact } from '../../fixtures/stored-artifact.ts';

/** Another run marks the artifact after this one has listed it. */
async function markTwice(repository: MemoryRepository, mark: 'the same' | 'of another'): Promise<void> {
  const manifest = await storeArtifact(repository, '2025-01-30T02:00:00Z', { verified: false });
  const [artifact] = await listArtifacts(repository);
  const stored = await readManifest(repository, manifest.name);
  if (artifact === undefined) throw new Error('nothing was stored');
  const other = sampleVerification(manifest);
  await repository.put(
    verificationKey(manifest.name),
    renderVerification(mark === 'the same' ? other : { ...other, manifestSha256: '0'.repeat(64) }),
  );
  await markVerified(repository, artifact, stored, {
    verifiedAt: new Date('2025-01-31T02:00:00Z'),
    runId: 'drill-20250131T020000Z-3fa9',
    contents: 'parsed',
    signal: new AbortController().signal,
  });
}

test('who marks an artifact that another run has marked in the same moment agrees with it', async () => {
  const repository = memoryRepository();
  await markTwice(repository, 'the same');
  expect((await listArtifacts(repository))[0]?.state).toBe('verified');
});

test('a mark that speaks of other bytes is not agreed with', async () => {
  await expect(markTwice(memoryRepository(), 'of another')).rejects.toMatchObject({ code: 'key-exists' });
});

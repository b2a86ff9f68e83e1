import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { documentKey } from '../../../src/tell/evidence/document-name.ts';
import { readDrills } from '../../../src/tell/evidence/drills.ts';
import { verifyEvidence } from '../../../src/tell/evidence/verify.ts';
import {
  createFolderRepository,
  createS3Repository,
  type TestRepository,
} from '../../services/repository.ts';
import { keepDrill, plan, signOff } from '../../unit/tell/evidence/kept.ts';
import { earlierDrill } from '../../unit/tell/evidence/recorded-drill.ts';

const kinds: readonly (readonly [name: string, create: () => Promise<TestRepository>])[] = [
  ['a folder', createFolderRepository],
  ['S3', () => createS3Repository(inject('services'))],
];

describe.each(kinds)('with %s as the repository', (_, create) => {
  let stored: TestRepository;
  let local: TestRepository;

  beforeEach(async () => {
    [stored, local] = await Promise.all([create(), createFolderRepository()]);
  });

  afterEach(async () => {
    await Promise.all([stored.remove(), local.remove()]);
  });

  test('drills and sign-offs are kept, listed and verified, and what is kept cannot be replaced', async () => {
    const places = { repository: stored.repository, stateFolder: local.repository };
    const drills = [2, 1].map((quarters) => earlierDrill(quarters));
    for (const drill of drills) await keepDrill(places, drill);
    await signOff(places, drills[0]?.runId ?? '');
    expect(await verifyEvidence(places, plan)).toEqual({
      findings: [],
      seals: 3,
      documents: 2 * (2 * 4 + 1 + 3),
    });

    const listed = await readDrills({ ...places, stateFolder: stored.repository }, { plan });
    expect(listed.damaged).toEqual([]);
    expect(listed.drills.map(({ evidence, signOffs }) => [evidence.runId, signOffs.length])).toEqual([
      [drills[1]?.runId, 0],
      [drills[0]?.runId, 1],
    ]);

    for await (const { key } of stored.repository.list(documentKey(plan, ''))) {
      await expect(stored.repository.put(key, 'other')).rejects.toMatchObject({ code: 'key-exists' });
    }
    const [first] = drills;
    if (first === undefined) throw new Error('there is no drill');
    const forged = { ...first, description: 'forged' };
    await expect(keepDrill(places, forged)).rejects.toMatchObject({ code: 'key-exists' });
    expect((await verifyEvidence(places, plan)).findings).toEqual([]);

    await stored.repository.remove([documentKey(plan, `${first.runId}.html`)]);
    expect((await verifyEvidence(places, plan)).findings).toHaveLength(2);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '../../../../src/tell/evidence/places.ts';
import { verifyEvidence, type Finding } from '../../../../src/tell/evidence/verify.ts';
import type { EvidenceSeal } from '../../../../src/language/generated/evidence-seal.types.ts';
import { memoryRepository } from '../../../fixtures/memory-repository.ts';
import { bytesOf, keepDrill, keptDrills, overwrite, plan, signOff, takeAway, type Kept } from './kept.ts';
import { earlierDrill } from './recorded-drill.ts';

let kept: Kept;
let first: string;
let second: string;
let third: string;

beforeEach(async () => {
  kept = await keptDrills();
  [first = '', second = '', third = ''] = kept.runs;
});

async function findings(): Promise<readonly Finding[]> {
  return (await verifyEvidence(kept, plan)).findings;
}

test('what nobody touched has no findings, and is counted', async () => {
  // Three drills of four documents and a sign-off of one, with four seals, in two places.
  expect(await verifyEvidence(kept, plan)).toEqual({
    findings: [],
    seals: 4,
    documents: 2 * (3 * 4 + 1 + 4),
  });
});

test('a place without evidence has nothing to find', async () => {
  const empty = { stateFolder: memoryRepository(), repository: memoryRepository() };
  expect(await verifyEvidence(empty, plan)).toEqual({ findings: [], seals: 0, documents: 0 });
});

test('a host that ran only some of the drills knows only those', async () => {
  const { repository } = kept;
  const stateFolder = memoryRepository();
  await keepDrill({ stateFolder, repository }, earlierDrill(0));
  expect((await verifyEvidence({ stateFolder, repository }, plan)).findings).toEqual([]);
});

describe('a changed byte', () => {
  const suffixes = ['.json', '.md', '.html', '.junit.xml', '.seal.json'];
  const places = ['repository', 'stateFolder'] as const;
  test.each(suffixes.flatMap((suffix) => places.map((place) => [suffix, place] as const)))(
    'in %s of the %s is found',
    async (suffix, place) => {
      for (const run of kept.runs) {
        const name = `${run}${suffix}`;
        const bytes = bytesOf(kept[place], name);
        const changed = Buffer.from(bytes);
        const at = Math.floor(changed.length / 2);
        changed[at] = (changed[at] ?? 0) ^ 1;
        overwrite(kept[place], name, changed);
        const found = await findings();
        expect(found.map(({ file }) => file)).toContain(name);
        overwrite(kept[place], name, bytes);
      }
      expect(await findings()).toEqual([]);
    },
  );

  test('in a sign-off is found', async () => {
    overwrite(kept.repository, `${third}.sign-off-1.json`, '{}');
    expect((await findings()).map(({ file }) => file)).toContain(`${third}.sign-off-1.json`);
  });
});

describe('something removed from the repository is found', () => {
  test('a document', async () => {
    takeAway(kept.repository, `${second}.html`);
    expect(await findings()).toEqual([
      {
        place: 'repository',
        file: `${second}.html`,
        problem: `is missing, and ${second}.seal.json names it`,
      },
      {
        place: 'repository',
        file: `${second}.html`,
        problem: "is missing, and this host's state folder has it",
      },
    ]);
  });

  test('a whole drill in the middle, also where this host never knew it', async () => {
    removeDrill(second);
    kept.stateFolder.objects.clear();
    expect(await findings()).toEqual([
      {
        place: 'repository',
        file: `${third}.seal.json`,
        problem: 'has the index 2, and the seal 1 before it is missing',
      },
    ]);
  });

  test('the first drills', async () => {
    removeDrill(first);
    removeDrill(second);
    kept.stateFolder.objects.clear();
    expect((await findings())[0]?.problem).toBe(
      'has the index 2, and the seals 0 to 1 before it are missing',
    );
  });

  test('the newest seal, which no later one names', async () => {
    takeAway(kept.repository, `${third}.sign-off-1.json`, `${third}.sign-off-1.seal.json`);
    expect(await findings()).toContainEqual({
      place: 'repository',
      file: `${third}.sign-off-1.seal.json`,
      problem: 'is gone, and it is the newest seal that this host knows (index 3)',
    });
  });

  test('everything', async () => {
    kept.repository.objects.clear();
    expect((await findings()).filter(({ file }) => file.endsWith('.seal.json'))).toHaveLength(4);
  });

  test('a seal alone', async () => {
    takeAway(kept.repository, `${second}.seal.json`);
    const found = await findings();
    expect(found).toContainEqual({ place: 'repository', file: `${second}.json`, problem: 'has no seal' });
  });
});

test('two drills that changed places are found', async () => {
  const seals = [first, second].map((run) => bytesOf(kept.repository, `${run}.seal.json`));
  overwrite(kept.repository, `${first}.seal.json`, seals[1] ?? '');
  overwrite(kept.repository, `${second}.seal.json`, seals[0] ?? '');
  kept.stateFolder.objects.clear();
  const found = await findings();
  expect(found.filter(({ problem }) => problem.startsWith('speaks of another run'))).toHaveLength(2);
});

test('a swapped order in the chain is found even when names and files fit', async () => {
  for (const [run, index] of [
    [first, 1],
    [second, 0],
  ] as const)
    reseal(run, (seal) => ({ ...seal, index }));
  kept.stateFolder.objects.clear();
  expect((await findings()).length).toBeGreaterThan(0);
});

test('a forged newest drill that fits its own seal differs from what this host has kept', async () => {
  kept = { ...kept, stateFolder: memoryRepository(), repository: memoryRepository() };
  for (const quarters of [2, 1]) await keepDrill(kept, earlierDrill(quarters));
  const run = earlierDrill(1).runId;
  const forged = bytesOf(kept.repository, `${run}.json`).toString().replace('"passed"', '"failed"');
  overwrite(kept.repository, `${run}.json`, forged);
  reseal(run, (seal) => ({
    ...seal,
    files: seal.files.map((file) =>
      file.name === `${run}.json`
        ? { ...file, bytes: Buffer.byteLength(forged), sha256: sha256Of(forged) }
        : file,
    ),
  }));
  const others = { repository: kept.repository, stateFolder: memoryRepository() };
  expect((await verifyEvidence(others, plan)).findings).toEqual([]);
  expect(await findings()).toEqual([
    {
      place: 'repository',
      file: `${run}.seal.json`,
      problem: "differs from this host's copy in its state folder",
    },
    {
      place: 'repository',
      file: `${run}.json`,
      problem: "differs from this host's copy in its state folder",
    },
  ]);
});

test('a forged older drill breaks the chain', async () => {
  reseal(first, (seal) => ({ ...seal, at: '2020-01-01T00:00:00.000Z' }));
  kept.stateFolder.objects.clear();
  expect(await findings()).toEqual([
    {
      place: 'repository',
      file: `${second}.seal.json`,
      problem: `does not follow ${first}.seal.json: that was changed, or put in another's place`,
    },
  ]);
});

test('two seals of one index are a fork, named, and the chain goes on after it', async () => {
  const { repository } = kept;
  const elsewhere = memoryRepository();
  const other = earlierDrill(0);
  await keepDrill({ stateFolder: elsewhere, repository }, other);
  reseal(other.runId, (seal) => ({ ...seal, index: 3 }));
  const after = earlierDrill(-1, { runId: 'drill-staging-20261231T060000Z-aaaa' });
  await keepDrill(kept, after);
  const found = (await findings()).filter(({ problem }) => problem.includes('fork'));
  expect(found).toHaveLength(1);
  expect(found[0]?.problem).toMatch(/^has the index 3, as drill-staging-.* has: the chain forks$/);
  const seal = JSON.parse(bytesOf(repository, `${after.runId}.seal.json`).toString()) as EvidenceSeal;
  expect(seal.index).toBe(4);
});

test('a file that nobody sealed is found', async () => {
  overwrite(kept.repository, `${second}.pdf`, 'x');
  overwrite(kept.repository, 'notes.txt', 'x');
  expect(await findings()).toEqual([
    { place: 'repository', file: `${second}.pdf`, problem: 'is not named by its seal' },
    { place: 'repository', file: 'notes.txt', problem: 'has no seal' },
  ]);
});

test('a seal that is none is found', async () => {
  overwrite(kept.repository, `${third}.seal.json`, '{"format":1}');
  expect(await findings()).toContainEqual({
    place: 'repository',
    file: `${third}.seal.json`,
    problem: "cannot be read as a seal: it is not valid: must have required property 'index'",
  });
});

test('without a repository the state folder alone is verified', async () => {
  const places = { stateFolder: memoryRepository(), repository: undefined };
  await keepDrill(places, earlierDrill(2));
  await keepDrill(places, earlierDrill(1));
  await signOff(places, earlierDrill(1).runId);
  expect(await verifyEvidence(places, plan)).toEqual({ findings: [], seals: 3, documents: 12 });
  takeAway(places.stateFolder, `${earlierDrill(2).runId}.seal.json`);
  expect((await verifyEvidence(places, plan)).findings.length).toBeGreaterThan(0);
});

function removeDrill(run: string): void {
  takeAway(
    kept.repository,
    ...['.json', '.md', '.html', '.junit.xml', '.seal.json'].map((suffix) => `${run}${suffix}`),
  );
}

function reseal(run: string, change: (seal: EvidenceSeal) => EvidenceSeal): void {
  const seal = JSON.parse(bytesOf(kept.repository, `${run}.seal.json`).toString()) as EvidenceSeal;
  overwrite(kept.repository, `${run}.seal.json`, `${JSON.stringify(change(seal), null, 2)}\n`);
}

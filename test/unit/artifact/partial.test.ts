import { expect, test } from 'vitest';
import type { Artifact } from '../../../src/artifact/artifact.ts';
import { findArtifact, parseChoice, passedOver } from '../../../src/artifact/choice.ts';
import { judgeFreshness } from '../../../src/artifact/freshness.ts';
import { describePartial, type PartialDump } from '../../../src/artifact/partial.ts';
import { decideRetention } from '../../../src/artifact/retention.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';

const withoutAudit: PartialDump = { excludedData: ['audit.*'], relations: 0, withoutRows: 3 };
const onlyBilling: PartialDump = {
  onlySchemas: ['billing'],
  relations: 9,
  withoutRows: 0,
  largeObjects: true,
};
const scope = { environment: 'prod', database: 'cleaning' };

type Days = readonly (readonly [day: number, partial?: PartialDump | undefined, verified?: boolean])[];

async function stored(...days: Days): Promise<readonly Artifact[]> {
  const repository = memoryRepository();
  for (const [day, partial, verified = true] of days) {
    await storeArtifact(repository, `2025-01-${String(day).padStart(2, '0')}T02:00:00Z`, {
      verified,
      ...(partial !== undefined && { change: (manifest) => ({ ...manifest, partial }) }),
    });
  }
  return listArtifacts(repository);
}

function nameOf(day: number): string {
  return `pg_cleaning_202501${String(day).padStart(2, '0')}T020000Z`;
}

test('says what is in it and what is not', () => {
  expect(describePartial(withoutAudit)).toBe('without the rows of audit.* (3 tables)');
  expect(describePartial(onlyBilling)).toBe('only schemas billing; without large objects');
  expect(
    describePartial({ onlyTables: ['a.b'], excludedTables: ['a.c'], relations: 9, withoutRows: 0 }),
  ).toBe('only tables a.b; without a.c');
  expect(describePartial({ excludedTables: ['a.c'], relations: 1, withoutRows: 0 })).toBe(
    'without a.c (1 table)',
  );
});

test('only its name and latest-partial mean a partial artifact', async () => {
  const artifacts = await stored([1], [2], [3, withoutAudit], [4, onlyBilling]);
  const find = (words: string): string =>
    findArtifact(artifacts, parseChoice(words), scope, { seed: words }).name;
  expect(find('latest')).toBe(nameOf(2));
  expect(find('2025-01-05')).toBe(nameOf(2));
  expect(find('rotate')).toBe(nameOf(2));
  expect(find('oldest')).toBe(nameOf(1));
  for (const seed of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    expect([nameOf(1), nameOf(2)]).toContain(
      findArtifact(artifacts, parseChoice('random'), scope, { seed }).name,
    );
  expect(find('latest-partial')).toBe(nameOf(4));
  expect(find(nameOf(3))).toBe(nameOf(3));
});

test('newer partial artifacts that were passed over are told', async () => {
  const artifacts = await stored([1], [2], [3, withoutAudit], [4, onlyBilling]);
  const choice = parseChoice('latest');
  const found = findArtifact(artifacts, choice, scope);
  expect(passedOver(found, artifacts, choice)).toBe(
    `newer than ${nameOf(2)} and passed over: ${nameOf(4)} (partial: only schemas billing; without large objects) and 1 more; latest-partial takes it`,
  );
  expect(passedOver(found, artifacts.slice(2), choice)).toBeUndefined();
  expect(passedOver(found, artifacts, parseChoice(nameOf(2)))).toBeUndefined();
});

test('who has partial artifacts only is told how to mean one', async () => {
  const artifacts = await stored([3, withoutAudit]);
  expect(() => findArtifact(artifacts, parseChoice('latest'), scope)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('by its name or by latest-partial') as string }),
  );
});

test('a partial artifact never satisfies an RPO, and is named', async () => {
  const now = new Date('2025-01-05T04:00:00Z');
  const judge = async (...days: Days) => judgeFreshness(await stored(...days), { now, rpoMs: 86_400_000 });
  expect(await judge([1], [4, onlyBilling], [5, withoutAudit])).toMatchObject([
    {
      state: 'late',
      verified: 1,
      newest: { name: nameOf(1) },
      newer: [
        {
          name: nameOf(5),
          reason: 'partial: without the rows of audit.* (3 tables); and 1 more partial ones',
        },
      ],
    },
  ]);
  expect(await judge([5, withoutAudit])).toMatchObject([
    {
      state: 'missing',
      message: 'no verified artifact of the whole of cleaning; 1 hold a part of it only and do not count',
    },
  ]);
});

test('prune decides each kind by itself: none takes the slots or the floor of another', async () => {
  const artifacts = await stored([1], [2], [3, withoutAudit], [4, withoutAudit], [5, onlyBilling]);
  const decided = decideRetention(artifacts, { keepLast: 1, keepAtLeast: 1 }, new Date('2025-01-31'), 'UTC');
  expect(decided.filter(({ keep }) => keep).map(({ name }) => name)).toEqual([
    nameOf(5),
    nameOf(4),
    nameOf(2),
  ]);
  expect(decided.find(({ name }) => name === nameOf(3))?.reason).toContain('counted by themselves');
});

test('a partial artifact that is verified does not let whole ones go while the newest whole one is not', async () => {
  const artifacts = await stored([1], [2], [3, undefined, false], [4, withoutAudit]);
  const decided = decideRetention(artifacts, { keepLast: 1, keepAtLeast: 1 }, new Date('2025-01-31'), 'UTC');
  expect(decided.every(({ keep }) => keep)).toBe(true);
});

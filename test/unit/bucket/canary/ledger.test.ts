import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLedger, writeLedger, type PlantedCanary } from '../../../../src/bucket/canary/ledger.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-ledger-'));
  file = join(folder, 'bucket-canary', 'ledger.json');
});
afterEach(() => rm(folder, { recursive: true }));

const moving: PlantedCanary = {
  rule: 'nightly',
  act: 'moves',
  key: 'prod/.run-plan-canary/0123456789abcdef',
  versionId: 'v1',
  storageClass: 'GLACIER',
  plantedAtMs: 1_700_000_000_000,
  days: 14,
  others: [{ rule: 'all', act: 'expires', days: 7 }],
};
const control: PlantedCanary = {
  rule: 'nightly',
  act: 'control',
  key: '.run-plan-canary/fedcba9876543210',
  plantedAtMs: 1_700_000_000_000,
  days: 14,
};

test('what is written is read; nothing is there at first', async () => {
  expect(await readLedger(file)).toEqual({ planted: [] });
  await writeLedger(file, [moving, control]);
  expect(await readLedger(file)).toEqual({ planted: [moving, control] });
});

const wrongCanaries: readonly (readonly [what: string, canary: unknown])[] = [
  ['nothing', null],
  ['a word', 'moves'],
  // Every version of a canary's key is deleted in the end.
  ['an object that is no canary', { ...moving, key: 'orders/2025/photo.jpg' }],
  ['an object beside canaries', { ...moving, key: 'prod/.run-plan-canary/' }],
  ['an act that no rule has', { ...moving, act: 'toString' }],
  ['a move to nowhere', { ...moving, storageClass: undefined }],
  ['a time beyond all times', { ...moving, plantedAtMs: 1e300 }],
  ['days in words', { ...moving, days: 'few' }],
  ['a version that is a number', { ...moving, versionId: 7 }],
  ['others that are none', { ...moving, others: [null] }],
  ['a control among the others', { ...moving, others: [{ rule: 'all', act: 'control', days: 7 }] }],
];

test.each([
  ['an empty file', ''],
  ['half a file', '{"format": 1, "canaries": [{"rule": "nig'],
  ['null', 'null'],
  ['another format', JSON.stringify({ format: 2, canaries: [] })],
  ['no list', JSON.stringify({ format: 1, canaries: {} })],
  ...wrongCanaries.map(([what, canary]) => [
    what,
    JSON.stringify({ format: 1, canaries: [control, canary] }),
  ]),
])(
  '%s in place of a ledger is told with its path and what to do, and nothing of it is believed',
  async (_, text) => {
    await mkdir(join(folder, 'bucket-canary'));
    await writeFile(file, text);
    expect(await readLedger(file)).toMatchObject({
      planted: [],
      damage: { where: file, hint: expect.stringContaining('remove it') as string },
    });
  },
);

test('a folder in its place is told, both when it is read and when it is written', async () => {
  await mkdir(file, { recursive: true });
  expect(await readLedger(file)).toMatchObject({ planted: [], damage: { kind: 'unreadable' } });
  await expect(writeLedger(file, [control])).rejects.toMatchObject({ code: 'state-folder' });
});

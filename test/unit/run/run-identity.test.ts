import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identifyRun } from '../../../src/run/run-identity.ts';
import { journalFile } from '../../../src/base/state-folder.ts';
import { virtualClock } from '../../fixtures/virtual-clock.ts';

let stateFolder: string;
beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'run-plan-identity-'));
});
afterEach(() => {
  rmSync(stateFolder, { recursive: true, force: true });
});

async function begin(random: number, at = '2025-01-01T02:03:04.567Z'): Promise<string> {
  const host = { clock: virtualClock(new Date(at)), random: () => random, stateFolder };
  const plan = { name: 'nightly', hash: '0' };
  const { id } = await identifyRun({ plan } as Parameters<typeof identifyRun>[0], host);
  const file = journalFile(stateFolder, 'nightly', id);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return id;
}

test('the ids of runs sort by their start, those of one second too', async () => {
  const ids = [
    await begin(0.9),
    await begin(0.1),
    await begin(0),
    await begin(0, '2025-01-01T02:03:05.000Z'),
  ];
  expect(ids.map((id) => id.slice(-10))).toEqual(['0304Z-e666', '0304Z-e8f6', '0304Z-e8f7', '0305Z-0000']);
});

test('when a second has no greater digits left, a run has a name all the same', async () => {
  const ids = [await begin(0.999_999), await begin(0.5)];
  expect(ids.map((id) => id.slice(-4))).toEqual(['ffff', '8000']);
});

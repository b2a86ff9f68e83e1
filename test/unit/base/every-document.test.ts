import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderDrillMark } from '../../../src/artifact/drill-mark.ts';
import { drillKey, manifestKey, verificationKey } from '../../../src/artifact/name.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { journalFile } from '../../../src/base/state-folder.ts';
import { readLedger, writeLedger } from '../../../src/bucket/canary/ledger.ts';
import { readCapabilities, writeCapabilities } from '../../../src/bucket/capability/known-capabilities.ts';
import { readHolder } from '../../../src/run/lock/holder.ts';
import type { RunEvent } from '../../../src/run/record/event.ts';
import { foldEvents } from '../../../src/run/record/fold.ts';
import { closeInterrupted } from '../../../src/run/record/interrupted.ts';
import { readEndings } from '../../../src/run/record/run-endings.ts';
import { listRecords, recordKey } from '../../../src/run/record/store.ts';
import { readAlertState, readProofs, writeAlertState, writeProofs } from '../../../src/tell/alert/state.ts';
import { readDrills } from '../../../src/tell/evidence/drills.ts';
import { withSignOffs } from '../../../src/tell/evidence/sign-off.ts';
import { verifyEvidence } from '../../../src/tell/evidence/verify.ts';
import { readChanges } from '../../../src/uploads/change-lines.ts';
import { readHeader } from '../../../src/uploads/unfinished-changes.ts';
import { damagedValues, damagedWholes, type Damaging } from '../../fixtures/damages.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';
import { bytesOf, keptDrills, overwrite, plan } from '../tell/evidence/kept.ts';

/** A kind of stored document, with one that is sound, and what its readers still know when another lies in its place. */
interface Kind {
  readonly name: string;
  readonly sound: string;
  /** One JSON document a line. */
  readonly isLines?: true;
  /** Puts the bytes in the document's place and reads as the program does; gives what must be so whatever they are. */
  readonly look: (bytes: Buffer) => Promise<unknown>;
  readonly always: unknown;
}

const second = 'fake-20250102T020000Z-0002';
const first = 'fake-20250101T020000Z-0001';
const events = (runId: string): readonly RunEvent[] => [
  { type: 'run-started', at: '2025-01-01T02:00:00.000Z', runId, plan: 'fake', planHash: 'f', environment: 'prod', host: 'db1', pid: 1, versions: { node: '24' }, parameters: { artifact: 'latest' }, steps: [{ id: 'a', name: 'a', phase: 'steps', action: 'run' }] },
  { type: 'run-interrupted-found', at: '2025-01-01T02:00:00.000Z', runId: 'old', lastEventAt: '2025-01-01T01:00:00.000Z', step: 'a' },
  { type: 'step-started', at: '2025-01-01T02:00:01.000Z', step: 'a', attempt: 1 },
  { type: 'step-phase', at: '2025-01-01T02:00:01.000Z', step: 'a', text: 'loading' },
  { type: 'step-output', at: '2025-01-01T02:00:01.000Z', step: 'a', stream: 'stdout', line: 'hello' },
  { type: 'step-note', at: '2025-01-01T02:00:01.000Z', step: 'a', level: 'note', text: 'note' },
  { type: 'step-retried', at: '2025-01-01T02:00:02.000Z', step: 'a', attempt: 1, delayMs: 1, error: { code: 'command-failed', message: 'x', hint: 'y' } },
  { type: 'step-finished', at: '2025-01-01T02:00:03.000Z', step: 'a', outcome: 'succeeded', durationMs: 5, attempts: 2, bytes: 7, outputs: { artifact: 'pg' }, facts: { tables: [1] } },
  { type: 'run-warning', at: '2025-01-01T02:00:03.000Z', text: 'warning' },
  { type: 'alert-told', at: '2025-01-01T02:00:03.000Z', channel: 'prod webhook', event: 'success', outcome: 'delivered', attempts: 1, durationMs: 1, text: 'HTTP 200' },
  { type: 'run-finished', at: '2025-01-01T02:01:00.000Z', outcome: 'succeeded', exitCode: 0, durationMs: 60_000, stepsDurationMs: 1 },
]; // prettier-ignore

const record = (runId: string): string => JSON.stringify(foldEvents(events(runId)));
const journal = (runId: string): string =>
  events(runId)
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('');

let folder: string;
const kinds: Kind[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-documents-'));
  kinds.push(
    await runRecords(),
    await journals(),
    ...(await artifactKinds()),
    ...(await evidenceKinds()),
    ...(await stateKinds()),
    ...changeKinds(),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function inFile(path: string, bytes: Buffer | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

function put(repository: MemoryRepository, key: string, bytes: Buffer): void {
  repository.objects.set(key, { bytes, modifiedAt: repository.now });
}

async function runRecords(): Promise<Kind> {
  const repository = memoryRepository();
  await repository.put(recordKey('fake', first), record(first));
  return {
    name: 'run record',
    sound: record(second),
    always: [true, true],
    look: async (bytes) => {
      put(repository, recordKey('fake', second), bytes);
      const { records, damaged } = await listRecords({ repository }, { plan: 'fake', limit: 2 });
      for (const each of records) JSON.stringify({ ...each, at: new Date(each.startedAt).toISOString() });
      // Either it counts or it is named, and the other is listed.
      return [records.some(({ runId }) => runId === first), records.length + damaged.length === 2];
    },
  };
}

async function journals(): Promise<Kind> {
  const state = join(folder, 'journals');
  await inFile(journalFile(state, 'fake', first), journal(first));
  return {
    name: 'journal',
    sound: journal(second),
    isLines: true,
    always: [true, true, true],
    look: async (bytes) => {
      await inFile(journalFile(state, 'fake', second), bytes);
      const { records, damaged } = await listRecords({ stateFolder: state }, { plan: 'fake', limit: 2 });
      for (const each of records) JSON.stringify({ ...each, at: new Date(each.finishedAt).toISOString() });
      const endings = await readEndings(state, 'fake');
      for (const { at } of endings) at.toISOString();
      await closeInterrupted(state, 'fake', 'fake-now', new Date());
      return [
        records.some(({ runId }) => runId === first),
        records.length + damaged.length >= 2,
        endings.some(({ runId }) => runId === first),
      ];
    },
  };
}

async function artifactKinds(): Promise<readonly Kind[]> {
  const repository = memoryRepository();
  const { name } = await storeArtifact(repository, '2025-01-01T02:00:00Z');
  const other = await storeArtifact(repository, '2025-01-02T02:00:00Z');
  const drilled = {
    format: 1 as const,
    name,
    drilledAt: '2025-01-03T02:00:00Z',
    runId: 'd',
    plan: 'drill',
    manifestSha256: 'f'.repeat(64),
    recoveryMs: 1,
  };
  put(repository, drillKey(name), Buffer.from(renderDrillMark(drilled)));
  return [manifestKey(name), verificationKey(name), drillKey(name)].map((key) => {
    const sound = repository.objects.get(key)?.bytes ?? Buffer.alloc(0);
    return {
      name: key.replace(name, 'artifact'),
      sound: sound.toString('utf8'),
      always: ['verified', name, other.name],
      look: async (bytes: Buffer) => {
        put(repository, key, bytes);
        const artifacts = await listArtifacts(repository);
        put(repository, key, sound);
        const names = artifacts.map((artifact) => artifact.name).sort();
        return [artifacts.find((artifact) => artifact.name === other.name)?.state, ...names];
      },
    };
  });
}

async function evidenceKinds(): Promise<readonly Kind[]> {
  const kept = await keptDrills();
  const [, middle = '', newest = ''] = kept.runs;
  return [`${middle}.json`, `${middle}.seal.json`, `${newest}.sign-off-1.json`].map((name) => {
    const sound = bytesOf(kept.stateFolder, name);
    const isMain = name === `${middle}.json`;
    return {
      name: name.replace(middle, 'drill').replace(newest, 'drill'),
      sound: sound.toString('utf8'),
      always: { others: 2, verified: false },
      look: async (bytes: Buffer) => {
        for (const place of [kept.stateFolder, kept.repository]) overwrite(place, name, bytes);
        const { drills } = await readDrills(kept, { plan });
        const others = drills.map(withSignOffs).filter(({ runId }) => !isMain || runId !== middle);
        const { findings } = await verifyEvidence(kept, plan);
        for (const place of [kept.stateFolder, kept.repository]) overwrite(place, name, sound);
        const counted = isMain ? others.length : others.length - 1;
        return { others: Math.min(2, counted), verified: findings.length === 0 };
      },
    };
  });
}

async function stateKinds(): Promise<readonly Kind[]> {
  const state = join(folder, 'state');
  const endpoint = 'https://s3.internal';
  await writeAlertState(state, 'nightly', { format: 1, environments: ['prod'], repeats: {} });
  await writeProofs(state, {
    format: 1,
    channels: { c: { at: '2026-11-24T02:05:00.000Z', by: 'HTTP 200' } },
  });
  await writeCapabilities(state, {
    endpoint,
    probedAt: new Date(0),
    capabilities: [{ name: 'versioning', state: 'yes', found: 'two' }],
  });
  const ledger = join(state, 'ledger.json');
  await writeLedger(ledger, [
    {
      rule: 'r',
      act: 'expires',
      key: '.run-plan-canary/fedcba9876543210',
      plantedAtMs: 1,
      days: 1,
      others: [{ rule: 'a', act: 'expires', days: 2 }],
    },
  ]);
  const holder = { runId: first, pid: 1, host: 'db1', startedAt: '2025-01-01T02:00:00.000Z' };
  const kind = (
    name: string,
    sound: string,
    path: () => Promise<string>,
    read: () => Promise<unknown>,
  ): Kind => ({
    name,
    sound,
    always: 'read',
    look: async (bytes) => {
      await inFile(await path(), bytes);
      await read();
      return 'read';
    },
  });
  const { readdir, readFile } = await import('node:fs/promises');
  const [store = ''] = await readdir(join(state, 'stores'));
  const files = {
    alerts: join(state, 'alerts', 'nightly.json'),
    proofs: join(state, 'alert-proofs.json'),
    store: join(state, 'stores', store),
    lock: join(state, 'locks', 'nightly.lock'),
  };
  const textOf = (path: string): Promise<string> => readFile(path, 'utf8');
  const at = (path: string) => (): Promise<string> => Promise.resolve(path);
  return [
    kind('note of alerts', await textOf(files.alerts), at(files.alerts), () =>
      readAlertState(state, 'nightly'),
    ),
    kind('note of proofs', await textOf(files.proofs), at(files.proofs), () => readProofs(state)),
    kind('note of a store', await textOf(files.store), at(files.store), () =>
      readCapabilities(state, endpoint, new Date()),
    ),
    kind('note of a lock', JSON.stringify(holder), at(files.lock), () => readHolder(files.lock)),
    kind('ledger of canaries', await textOf(ledger), at(ledger), async () => {
      for (const { plantedAtMs } of (await readLedger(ledger)).planted) new Date(plantedAtMs).toISOString();
    }),
  ];
}

function changeKinds(): readonly Kind[] {
  const kept = join(folder, 'kept');
  const version = { versionId: 'v1', kind: 'object', bytes: 1, etag: 'e', at: 5 };
  const change = { key: 'a', action: 'promoted', before: version, promoted: version, made: 'v2' };
  const begun = { key: 'b', action: 'begun', intended: 'hidden', before: null, promoted: null };
  const lines = `${JSON.stringify(change)}\n${JSON.stringify(begun)}\n`;
  const journalPath = join(kept, 'changes.ndjson');
  return [
    {
      name: 'header of a report',
      sound: JSON.stringify({ uploads: 's3://u', work: 'w', runId: 'r' }),
      always: 'read or refused',
      look: async (bytes) => {
        await inFile(join(kept, 'restore.json'), bytes);
        await readHeader(kept).catch((error: unknown) => {
          if ((error as { code?: string }).code !== 'usage') throw error;
        });
        return 'read or refused';
      },
    },
    {
      name: 'report of changes',
      sound: lines,
      isLines: true,
      always: ['c'],
      look: async (bytes) => {
        await inFile(
          journalPath,
          Buffer.concat([bytes, Buffer.from(`\n${JSON.stringify({ ...change, key: 'c' })}\n`)]),
        );
        const keys: string[] = [];
        for await (const { key } of readChanges(journalPath)) keys.push(key);
        return keys.filter((key) => key === 'c');
      },
    },
  ];
}

/** Every damage of a document, or of each line of it. */
function damagesOf({ sound, isLines }: Kind): readonly Damaging[] {
  // Of the largest kind, the evidence, not each of thousands.
  const values = isLines === true ? [] : damagedValues(sound);
  const every = values.length > 1000 ? 11 : 1;
  if (isLines !== true) return [...damagedWholes(sound), ...values.filter((_, at) => at % every === 0)];
  const lines = sound.trimEnd().split('\n');
  const inLine = lines.flatMap((line, at) =>
    [...damagedWholes(line).slice(0, 9), ...damagedValues(line)].map(({ how, bytes }) => ({
      how: `line ${String(at + 1)}: ${how}`,
      bytes: Buffer.from(
        [...lines.slice(0, at), bytes.toString('latin1'), ...lines.slice(at + 1), ''].join('\n'),
        'latin1',
      ),
    })),
  );
  return [...damagedWholes(sound), ...inLine];
}

describe('a stored document of any kind, damaged in any way, is a matter of its own', () => {
  test('none of them stops a reader, and what lies beside it is known', async () => {
    expect(kinds).toHaveLength(15);
    const wrong: unknown[] = [];
    for (const kind of kinds) {
      for (const { how, bytes } of damagesOf(kind)) {
        const seen = await kind.look(bytes).catch((error: unknown) => String(error));
        if (JSON.stringify(seen) !== JSON.stringify(kind.always)) wrong.push([kind.name, how, seen]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('sound ones are read', async () => {
    for (const kind of kinds) {
      const seen = await kind.look(Buffer.from(kind.sound));
      const isSealed = typeof kind.always === 'object' && kind.always !== null && 'verified' in kind.always;
      expect([kind.name, seen]).toEqual([kind.name, isSealed ? { others: 2, verified: true } : kind.always]);
    }
  });
});

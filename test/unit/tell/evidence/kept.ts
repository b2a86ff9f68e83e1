import type { DrillEvidence } from '../../../../src/language/generated/drill-evidence.types.ts';
import { drillBatch, signOffBatch } from '../../../../src/tell/evidence/document-name.ts';
import { renderDocuments, renderJson } from '../../../../src/tell/evidence/documents.ts';
import { readDrills } from '../../../../src/tell/evidence/drills.ts';
import { answerQuestion } from '../../../../src/tell/evidence/sign-off.ts';
import { sealBatches, writeBatch } from '../../../../src/tell/evidence/store.ts';
import type { Repository } from '../../../../src/store/repository.ts';
import { memoryRepository, type MemoryRepository } from '../../../fixtures/memory-repository.ts';
import { earlierDrill } from './recorded-drill.ts';

export const plan = 'drill-staging';

export interface Kept {
  readonly stateFolder: MemoryRepository;
  readonly repository: MemoryRepository;
  /** Run ids, oldest first. */
  readonly runs: readonly string[];
}

/** Three drills in both places, and a sign-off of the newest. */
export async function keptDrills(): Promise<Kept> {
  const places = { stateFolder: memoryRepository(), repository: memoryRepository() };
  const drills = [3, 2, 1].map((quarters) => earlierDrill(quarters));
  for (const drill of drills) await keepDrill(places, drill);
  const runs = drills.map(({ runId }) => runId);
  await signOff(places, runs[2] ?? '');
  return { ...places, runs };
}

interface Places {
  readonly stateFolder: Repository;
  readonly repository: Repository | undefined;
}

export async function keepDrill(places: Places, drill: DrillEvidence): Promise<void> {
  const batch = drillBatch(plan, drill.runId);
  await writeBatch(places.stateFolder, batch, renderDocuments(drill));
  await sealBatches(places, batch, { now: () => new Date(drill.run.finishedAt) });
}

export async function signOff(places: Places, runId: string): Promise<void> {
  const { drills } = await readDrills(places, { plan, runId });
  const [drill] = drills;
  if (drill === undefined) throw new Error(`there is no drill ${runId}`);
  const document = answerQuestion(drill, {
    check: 'confirm-1',
    state: 'signed',
    by: 'maria',
    note: null,
    at: new Date('2026-10-02T09:00:00Z'),
    account: 'maria',
    host: 'desk',
  });
  const batch = signOffBatch(plan, runId, document.number);
  await writeBatch(places.stateFolder, batch, new Map([['.json', renderJson(document)]]));
  await sealBatches(places, batch, { now: () => new Date('2026-10-02T09:00:01Z') });
}

/** Writes over what a store never would. */
export function overwrite(place: MemoryRepository, name: string, bytes: Buffer | string): void {
  place.objects.set(keyOf(name), { bytes: Buffer.from(bytes), modifiedAt: place.now });
}

export function takeAway(place: MemoryRepository, ...names: readonly string[]): void {
  for (const name of names) if (!place.objects.delete(keyOf(name))) throw new Error(`there is no ${name}`);
}

export function bytesOf(place: MemoryRepository, name: string): Buffer {
  const bytes = place.objects.get(keyOf(name))?.bytes;
  if (bytes === undefined) throw new Error(`there is no ${name}`);
  return bytes;
}

export function keyOf(name: string): string {
  return `evidence/${plan}/${name}`;
}

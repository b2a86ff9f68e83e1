import { mapOf } from '../../base/waiting.ts';
import type { Repository } from '../../store/repository.ts';
import type { EvidenceSeal } from '../../language/generated/evidence-seal.types.ts';
import { isSealName, mainName, parseDocumentName, sealName, type Batch } from './document-name.ts';
import { listDocuments, readDocument, sha256Of, writeDocument, type EvidencePlaces } from './places.ts';
import { inOrder, readSeals, renderSeal } from './seal.ts';

/** Documents written to a store at once: all that a run has, of which each waits for a disk or a network. */
const atOnce = 4;

export interface SealingOptions {
  readonly now: () => Date;
  readonly signal?: AbortSignal;
}

/**
 * Writes a batch's documents (by what follows the batch's stem) to the state folder: what the repository does not take
 * now is there for the next run of the plan to store.
 * @throws Failure `repository-*`, `key-exists` when another document has the name
 */
export async function writeBatch(
  stateFolder: Repository,
  batch: Batch,
  documents: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const { plan, stem } = batch;
  const main = mainName(batch);
  const named = [...documents].map(([suffix, text]) => [`${stem}${suffix}`, Buffer.from(text)] as const);
  const write = ([name, bytes]: readonly [string, Buffer]): Promise<void> =>
    writeDocument(stateFolder, plan, name, bytes, signal);
  const isMain = ([name]: readonly [string, Buffer]): boolean => name === main;
  await mapOf(
    named.filter((each) => !isMain(each)),
    { atOnce },
    write,
  );
  await mapOf(named.filter(isMain), { atOnce }, write);
}

/**
 * Stores a batch of the state folder in the repository and seals it in both, and then those that earlier runs had to
 * leave. Nothing is rewritten.
 * @throws Failure `repository-*`, `key-exists` when another document has the name
 */
export async function sealBatches(
  places: EvidencePlaces,
  batch: Batch,
  options: SealingOptions,
): Promise<void> {
  await sealBatch(places, batch, options);
  for (const left of await unsealedBatches(places, batch.plan, options.signal))
    await sealBatch(places, left, options);
}

/** Batches of the state folder that are whole and have no seal: their runs could not reach the repository. */
async function unsealedBatches(
  { stateFolder }: EvidencePlaces,
  plan: string,
  signal: AbortSignal | undefined,
): Promise<readonly Batch[]> {
  const names = new Set(await listDocuments(stateFolder, plan, signal));
  return [...names].flatMap((name) => {
    const parsed = parseDocumentName(name);
    if (parsed?.suffix !== '.json' || names.has(sealName(parsed))) return [];
    return [{ plan, runId: parsed.runId, kind: parsed.kind, stem: parsed.stem }];
  });
}

async function sealBatch(places: EvidencePlaces, batch: Batch, options: SealingOptions): Promise<void> {
  const { stateFolder, repository } = places;
  const { plan } = batch;
  const { signal } = options;
  const names = (await listDocuments(stateFolder, plan, signal)).filter(
    (name) => !isSealName(name) && parseDocumentName(name)?.stem === batch.stem,
  );
  const stored = await mapOf(names, { atOnce }, async (name) => {
    const bytes = await readDocument(stateFolder, plan, name, signal);
    if (bytes === undefined) return undefined;
    if (repository !== undefined) await writeDocument(repository, plan, name, bytes, signal);
    return { name, bytes: bytes.length, sha256: sha256Of(bytes) };
  });
  const files: EvidenceSeal['files'] = stored.filter((file) => file !== undefined);
  // A run that was killed between the two places has left its seal in the repository alone.
  const known = repository && (await readDocument(repository, plan, sealName(batch), signal));
  const seal = known ?? renderSeal(await nextSeal(places, batch, files, options));
  if (repository !== undefined) await writeDocument(repository, plan, sealName(batch), seal, signal);
  await writeDocument(stateFolder, plan, sealName(batch), seal, signal);
}

/** The chain goes on where the repository's ends; the state folder's counts where the repository has none. */
async function nextSeal(
  { stateFolder, repository }: EvidencePlaces,
  { plan, runId, kind }: Batch,
  files: EvidenceSeal['files'],
  { now, signal }: SealingOptions,
): Promise<EvidenceSeal> {
  const stored = repository === undefined ? [] : await readSeals(repository, plan, signal);
  const newest = inOrder(stored).at(-1) ?? inOrder(await readSeals(stateFolder, plan, signal)).at(-1);
  return {
    format: 1,
    index: newest === undefined ? 0 : newest.seal.index + 1,
    runId,
    plan,
    kind,
    at: now().toISOString(),
    files,
    previous: newest?.sha256 ?? null,
  };
}

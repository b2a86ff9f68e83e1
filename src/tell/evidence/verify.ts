import { createHash } from 'node:crypto';
import { mapOf } from '../../base/waiting.ts';
import { describeDamage } from '../../base/document.ts';
import { Failure } from '../../base/failure.ts';
import type { Repository } from '../../store/repository.ts';
import { documentKey, isSealName, parseDocumentName, sealName } from './document-name.ts';
import { listDocuments, type EvidencePlaces } from './places.ts';
import { inOrder, isReadable, readSeals, type ReadableSeal, type StoredSeal } from './seal.ts';

/** Documents read from a store at once. */
const atOnce = 8;

/** One thing that is wrong with a plan's evidence. */
export interface Finding {
  readonly place: 'repository' | 'state folder';
  /** Name of the document. */
  readonly file: string;
  readonly problem: string;
}

export interface Verified {
  readonly findings: readonly Finding[];
  /** Seals that were checked, each one once. */
  readonly seals: number;
  /** Documents whose bytes were read, in all places together. */
  readonly documents: number;
}

interface Inventory {
  readonly place: Finding['place'];
  /** Size and sum of every document but the seals, by name. */
  readonly files: ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }>;
  readonly seals: readonly StoredSeal[];
}

/**
 * Holds a plan's evidence against its seals, the seals against each other, and the two places against one another.
 * Reads every byte of it. @throws Failure `repository-*` when a place cannot be read at all
 */
export async function verifyEvidence(
  places: EvidencePlaces,
  plan: string,
  signal?: AbortSignal,
): Promise<Verified> {
  const local = await takeInventory('state folder', places.stateFolder, plan, signal);
  const stored = places.repository && (await takeInventory('repository', places.repository, plan, signal));
  const inventories = stored === undefined ? [local] : [stored, local];
  const findings = [
    ...inventories.flatMap((inventory) => checkSeals(inventory, plan)),
    ...checkChain(stored ?? local),
    ...(stored === undefined ? [] : compare(local, stored)),
  ];
  return {
    findings,
    seals: new Set(inventories.flatMap(({ seals }) => seals.map(({ name }) => name))).size,
    documents: inventories.reduce((total, { files, seals }) => total + files.size + seals.length, 0),
  };
}

async function takeInventory(
  place: Finding['place'],
  repository: Repository,
  plan: string,
  signal: AbortSignal | undefined,
): Promise<Inventory> {
  const names = (await listDocuments(repository, plan, signal)).filter((name) => !isSealName(name));
  const read = await mapOf(names, { atOnce }, async (name) => {
    const sum = await sumOf(repository, documentKey(plan, name), signal);
    return sum === undefined ? [] : [[name, sum] as const];
  });
  return { place, files: new Map(read.flat()), seals: await readSeals(repository, plan, signal) };
}

async function sumOf(
  repository: Repository,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; sha256: string } | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    const stream = await repository.get(key, signal === undefined ? {} : { signal });
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    // It went away after the listing: whoever lists it in a seal will miss it.
    if (error instanceof Failure && error.code === 'repository-missing') return undefined;
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Each seal against its documents, and documents that no seal names. */
function checkSeals({ place, files, seals }: Inventory, plan: string): Finding[] {
  const findings: Finding[] = [];
  const sealed = new Set<string>();
  const find = (file: string, problem: string): void => void findings.push({ place, file, problem });
  for (const { name, seal, damage } of seals) {
    if (seal === undefined) {
      const why = damage === undefined ? '' : `: it ${describeDamage(damage, '').trim()}`;
      find(name, `cannot be read as a seal${why}`);
      continue;
    }
    const named = parseDocumentName(name);
    if (seal.plan !== plan || named?.runId !== seal.runId || named.kind !== seal.kind)
      find(name, `speaks of another run than its name: ${seal.runId} of plan ${seal.plan}`);
    for (const file of seal.files) {
      sealed.add(file.name);
      const found = files.get(file.name);
      if (found === undefined) find(file.name, `is missing, and ${name} names it`);
      else if (found.bytes !== file.bytes)
        find(file.name, `has ${found.bytes} bytes where its seal says ${file.bytes}`);
      else if (found.sha256 !== file.sha256)
        find(file.name, `has the sha256 ${found.sha256} where its seal says ${file.sha256}`);
    }
  }
  for (const name of files.keys()) {
    if (sealed.has(name)) continue;
    const stem = parseDocumentName(name)?.stem;
    const hasSeal = stem !== undefined && seals.some((seal) => seal.name === sealName({ stem }));
    find(name, hasSeal ? 'is not named by its seal' : 'has no seal');
  }
  return findings;
}

/** Seals follow each other without a gap or a fork, each holding the sum of the one before. */
function checkChain({ place, seals }: Inventory): Finding[] {
  const findings: Finding[] = [];
  const chain = inOrder(seals);
  let before: ReadableSeal | undefined;
  for (const next of chain) {
    const { index, previous } = next.seal;
    const problem = breakBetween(before, index, previous, chain);
    if (problem !== undefined) findings.push({ place, file: next.name, problem });
    before = next;
  }
  return findings;
}

function breakBetween(
  before: ReadableSeal | undefined,
  index: number,
  previous: string | null,
  chain: readonly ReadableSeal[],
): string | undefined {
  if (before?.seal.index === index) return `has the index ${index}, as ${before.name} has: the chain forks`;
  const wanted = before === undefined ? 0 : before.seal.index + 1;
  if (index > wanted)
    return `has the index ${index}, and the ${index - wanted === 1 ? 'seal' : 'seals'} ${wanted}${index - wanted === 1 ? '' : ` to ${index - 1}`} before it ${index - wanted === 1 ? 'is' : 'are'} missing`;
  if (index === 0) return previous === null ? undefined : 'is the first seal and names one before it';
  // After a fork either branch may go on.
  const candidates = chain.filter(({ seal }) => seal.index === index - 1);
  return candidates.some(({ sha256 }) => sha256 === previous)
    ? undefined
    : `does not follow ${before?.name ?? 'the seal before it'}: that was changed, or put in another's place`;
}

/** What this host has kept itself must be in the repository, byte for byte. */
function compare(local: Inventory, stored: Inventory): Finding[] {
  const findings: Finding[] = [];
  const find = (file: string, problem: string): void =>
    void findings.push({ place: 'repository', file, problem });
  const newest = inOrder(local.seals).at(-1)?.name;
  const storedSeals = new Map(stored.seals.map((seal) => [seal.name, seal]));
  for (const seal of local.seals) {
    const other = storedSeals.get(seal.name);
    if (other === undefined) {
      const index = isReadable(seal) ? ` (index ${seal.seal.index})` : '';
      find(
        seal.name,
        seal.name === newest
          ? `is gone, and it is the newest seal that this host knows${index}`
          : `is gone, and this host's state folder has it${index}`,
      );
    } else if (other.sha256 !== seal.sha256)
      find(seal.name, "differs from this host's copy in its state folder");
  }
  for (const [name, file] of local.files) {
    const other = stored.files.get(name);
    if (other === undefined) find(name, "is missing, and this host's state folder has it");
    else if (other.sha256 !== file.sha256) find(name, "differs from this host's copy in its state folder");
  }
  return findings;
}

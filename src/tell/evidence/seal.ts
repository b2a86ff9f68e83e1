import { mapOf } from '../../base/waiting.ts';
import type { Repository } from '../../store/repository.ts';
import type { EvidenceSeal } from '../../language/generated/evidence-seal.types.ts';
import { isSealName } from './document-name.ts';
import { listDocuments, readDocument, sha256Of } from './places.ts';

/** Seals read from a store at once. */
const atOnce = 8;

/** A seal as it is stored: `seal` is undefined when its bytes are none. */
export interface StoredSeal {
  readonly name: string;
  /** Of the stored bytes. */
  readonly sha256: string;
  readonly seal: EvidenceSeal | undefined;
}

/** A seal that can be read. */
export interface ReadableSeal extends StoredSeal {
  readonly seal: EvidenceSeal;
}

export function renderSeal(seal: EvidenceSeal): Buffer {
  return Buffer.from(`${JSON.stringify(seal, null, 2)}\n`);
}

/** Reads a seal; undefined when the bytes are none. */
export async function parseSeal(bytes: Buffer): Promise<EvidenceSeal | undefined> {
  const { default: validate } = await import('../../language/generated/evidence-seal.validate.ts');
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isSeal(validate, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSeal(validate: (value: unknown) => boolean, value: unknown): value is EvidenceSeal {
  return validate(value);
}

/** Every seal of a plan in one place. @throws Failure `repository-*` */
export async function readSeals(
  place: Repository,
  plan: string,
  signal?: AbortSignal,
): Promise<StoredSeal[]> {
  const names = (await listDocuments(place, plan, signal)).filter(isSealName);
  const read = await mapOf(names, { atOnce }, async (name): Promise<StoredSeal | undefined> => {
    const bytes = await readDocument(place, plan, name, signal);
    return bytes && { name, sha256: sha256Of(bytes), seal: await parseSeal(bytes) };
  });
  return read.filter((seal) => seal !== undefined);
}

export function isReadable(seal: StoredSeal): seal is ReadableSeal {
  return seal.seal !== undefined;
}

/** The seals that can be read in the chain's order; two of one index by their names. */
export function inOrder(seals: readonly StoredSeal[]): readonly ReadableSeal[] {
  return seals
    .filter(isReadable)
    .sort((left, right) => left.seal.index - right.seal.index || left.name.localeCompare(right.name));
}

import { document, type Damage } from '../../base/document.ts';
import { mapOf } from '../../base/waiting.ts';
import type { Repository } from '../../store/repository.ts';
import type { EvidenceSeal } from '../../language/generated/evidence-seal.types.ts';
import { documentKey, isSealName } from './document-name.ts';
import { listDocuments, sha256Of } from './places.ts';

/** Seals read from a store at once. */
const atOnce = 8;

/** A seal as it is stored, or what is wrong with it. */
export interface StoredSeal {
  readonly name: string;
  /** Of the stored bytes; of a damaged one unknown. */
  readonly sha256: string | undefined;
  readonly seal: EvidenceSeal | undefined;
  readonly damage?: Damage;
}

/** A seal that can be read. */
export interface ReadableSeal extends StoredSeal {
  readonly sha256: string;
  readonly seal: EvidenceSeal;
}

const seals = document<EvidenceSeal>({
  name: 'seal',
  // A line a document of a drill: ours take about 1 kB.
  limitBytes: 1024 * 1024,
  schema: () => import('../../language/generated/evidence-seal.validate.ts'),
});

export function renderSeal(seal: EvidenceSeal): Buffer {
  return Buffer.from(seals.render(seal));
}

/** Every seal of a plan in one place. @throws Failure `repository-*` */
export async function readSeals(
  place: Repository,
  plan: string,
  signal?: AbortSignal,
): Promise<StoredSeal[]> {
  const names = (await listDocuments(place, plan, signal)).filter(isSealName);
  const read = await mapOf(names, { atOnce }, async (name): Promise<StoredSeal | undefined> => {
    const read = await seals.get(place, documentKey(plan, name), signal);
    if (read.state === 'missing') return undefined;
    if (read.state === 'damaged') return { name, sha256: undefined, seal: undefined, damage: read.damage };
    return { name, sha256: sha256Of(read.bytes), seal: read.value };
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

import { document, type Damage, type Document, type Found } from '../../base/document.ts';
import { mapOf } from '../../base/waiting.ts';
import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import type { SignOffDocument } from '../../language/generated/sign-off.types.ts';
import { documentKey, parseDocumentName } from './document-name.ts';
import { documentBytesLimit, listDocuments, sha256Of, type EvidencePlaces } from './places.ts';
import { signOffDocuments } from './sign-off.ts';

/** Documents read from a store at once. */
const atOnce = 8;

/** A drill as it was kept, and what was signed off since. */
export interface Drill {
  readonly evidence: DrillEvidence;
  /** Of the stored evidence's bytes. */
  readonly sha256: string;
  /** In the order in which they were given. */
  readonly signOffs: readonly SignOffDocument[];
}

/** Drills, newest first, and documents that are not what they are named. */
export interface DrillList {
  readonly drills: readonly Drill[];
  readonly damaged: readonly Damage[];
}

const evidenceDocuments = document<DrillEvidence>({
  name: "drill's evidence",
  limitBytes: documentBytesLimit,
  schema: () => import('../../language/generated/drill-evidence.validate.ts'),
});

export interface DrillSelection {
  readonly plan: string;
  /** Only this run's. */
  readonly runId?: string;
  /** Only the newest so many; all unless said. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** The drills of a plan in the places given, merged by name; this host's own copy goes first. @throws Failure `repository-*` */
export async function readDrills(
  places: Partial<EvidencePlaces>,
  selection: DrillSelection,
): Promise<DrillList> {
  const { plan, limit = Infinity, signal } = selection;
  const all = [places.stateFolder, places.repository].filter((place) => place !== undefined);
  const listed = await Promise.all(
    all.map(async (place) => ({ place, names: await listDocuments(place, plan, signal) })),
  );
  const names = [...new Set(listed.flatMap((each) => each.names))].sort();
  const isWanted = (runId: string): boolean => selection.runId === undefined || runId === selection.runId;
  const documents = names
    .map((name) => ({ name, parsed: parseDocumentName(name) }))
    .filter(({ parsed }) => parsed?.suffix === '.json' && isWanted(parsed.runId));
  const mains = documents.filter(({ parsed }) => parsed?.kind === 'drill').toReversed();
  const damaged: Damage[] = [];
  const read = async <Value>(kind: Document<Value>, name: string): Promise<Found<Value> | undefined> => {
    const place = listed.find((each) => each.names.includes(name))?.place;
    const found = place && (await kind.get(place, documentKey(plan, name), signal));
    if (found?.state === 'damaged') damaged.push(found.damage);
    return found?.state === 'sound' ? found : undefined;
  };
  const readDrill = async ({ name, parsed }: (typeof mains)[number]): Promise<Drill | undefined> => {
    const found = await read(evidenceDocuments, name);
    if (found === undefined) return undefined;
    const signOffs: SignOffDocument[] = [];
    for (const other of documents) {
      if (other.parsed?.kind !== 'sign-off' || other.parsed.runId !== parsed?.runId) continue;
      const signOff = await read(signOffDocuments, other.name);
      if (signOff !== undefined) signOffs.push(signOff.value);
    }
    signOffs.sort((left, right) => left.number - right.number);
    return { evidence: found.value, sha256: sha256Of(found.bytes), signOffs };
  };
  const drills: Drill[] = [];
  for (let at = 0; at < mains.length && drills.length < limit;) {
    const next = mains.slice(at, at + Math.min(atOnce, limit - drills.length));
    at += next.length;
    const read = await mapOf(next, { atOnce }, readDrill);
    drills.push(...read.filter((drill) => drill !== undefined));
  }
  return { drills, damaged };
}

import { mapOf } from '../../base/waiting.ts';
import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import type { SignOffDocument } from '../../language/generated/sign-off.types.ts';
import { parseDocumentName } from './document-name.ts';
import { listDocuments, readDocument, sha256Of, type EvidencePlaces } from './places.ts';
import { parseSignOff } from './sign-off.ts';

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

/** Drills, newest first, and names of documents that cannot be read as what they are named. */
export interface DrillList {
  readonly drills: readonly Drill[];
  readonly damaged: readonly string[];
}

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
  const { plan, limit, signal } = selection;
  const all = [places.stateFolder, places.repository].filter((place) => place !== undefined);
  const listed = await Promise.all(
    all.map(async (place) => ({ place, names: await listDocuments(place, plan, signal) })),
  );
  const names = [...new Set(listed.flatMap((each) => each.names))].sort();
  const isWanted = (runId: string): boolean => selection.runId === undefined || runId === selection.runId;
  const documents = names
    .map((name) => ({ name, parsed: parseDocumentName(name) }))
    .filter(({ parsed }) => parsed?.suffix === '.json' && isWanted(parsed.runId));
  const mains = documents
    .filter(({ parsed }) => parsed?.kind === 'drill')
    .toReversed()
    .slice(0, limit);
  const damaged: string[] = [];
  const read = async (name: string): Promise<Buffer | undefined> => {
    const place = listed.find((each) => each.names.includes(name))?.place;
    return place && readDocument(place, plan, name, signal);
  };
  const drills = await mapOf(mains, { atOnce }, async ({ name, parsed }): Promise<Drill | undefined> => {
    const bytes = await read(name);
    const evidence = bytes && (await parseEvidence(bytes));
    if (bytes === undefined || evidence === undefined) {
      damaged.push(name);
      return undefined;
    }
    const signOffs: SignOffDocument[] = [];
    for (const other of documents) {
      if (other.parsed?.kind !== 'sign-off' || other.parsed.runId !== parsed?.runId) continue;
      const signOff = await parseSignOff(await read(other.name));
      if (signOff === undefined) damaged.push(other.name);
      else signOffs.push(signOff);
    }
    signOffs.sort((left, right) => left.number - right.number);
    return { evidence, sha256: sha256Of(bytes), signOffs };
  });
  return { drills: drills.filter((drill) => drill !== undefined), damaged };
}

/** A drill's evidence out of its bytes; undefined when they are none. */
export async function parseEvidence(bytes: Buffer): Promise<DrillEvidence | undefined> {
  const { default: validate } = await import('../../language/generated/drill-evidence.validate.ts');
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isEvidence(validate, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEvidence(validate: (value: unknown) => boolean, value: unknown): value is DrillEvidence {
  return validate(value);
}

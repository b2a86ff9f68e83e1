import { dirname } from 'node:path';
import { document, type Damage } from '../../base/document.ts';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import { isCanaryKey, takers, type CanaryAct } from './canary.ts';

/** A canary that was planted and not yet seen to have gone the way of its rule. */
export interface PlantedCanary {
  readonly rule: string;
  /** `control`: what no rule is about, and what must stay. */
  readonly act: CanaryAct | 'control';
  readonly key: string;
  /** Of the version that the rule is to act on. */
  readonly versionId?: string;
  readonly uploadId?: string;
  readonly storageClass?: string;
  readonly plantedAtMs: number;
  readonly days: number;
  /** What else takes it out of sight, by days: acts of other rules, and later ones of its own. None unless said. */
  readonly others?: readonly OtherAct[];
}

/** An act of a rule on a canary that was planted for another act. */
export interface OtherAct {
  readonly rule: string;
  readonly act: CanaryAct;
  readonly days: number;
  /** Where it moves it. */
  readonly storageClass?: string;
}

interface Ledger {
  readonly format: 1;
  readonly canaries: readonly PlantedCanary[];
}

const ledgers = document<Ledger>({
  name: 'list of canaries',
  // One a rule and act, of some 300 bytes; a bucket has at most 1,000 rules.
  limitBytes: 4 * 1024 * 1024,
  schema: () => import('../../language/generated/canary-ledger.validate.ts'),
  fault: ({ canaries }: Ledger) => {
    const strange = canaries.findIndex((canary) => !isPlanted(canary));
    return strange === -1 ? undefined : `has at /canaries/${String(strange)} what was never planted`;
  },
});

/** What earlier runs have planted, or why nobody knows. */
export interface ReadLedger {
  readonly planted: readonly PlantedCanary[];
  readonly damage?: Damage;
}

/**
 * What earlier runs have planted. Of a damaged list nothing is believed: every version of a canary is deleted once it has
 * told. Those that it named stay as small objects.
 */
export async function readLedger(file: string): Promise<ReadLedger> {
  const read = await ledgers.readFile(file);
  if (read.state === 'damaged') return { planted: [], damage: read.damage };
  return { planted: read.state === 'sound' ? read.value.canaries : [] };
}

/** The key's form matters most: it must be no other object's. */
function isPlanted({ key, others = [], ...canary }: PlantedCanary): boolean {
  return isCanaryKey(key) && isAct(canary, true) && others.every((other) => isAct(other, false));
}

function isAct(
  { act, storageClass }: Pick<PlantedCanary, 'act' | 'storageClass'>,
  mayBeControl: boolean,
): boolean {
  return (
    (Object.hasOwn(takers, act) || (mayBeControl && act === 'control')) &&
    act.startsWith('moves') === (storageClass !== undefined)
  );
}

/** Whole or not at all. @throws Failure `state-folder` */
export async function writeLedger(file: string, canaries: readonly PlantedCanary[]): Promise<void> {
  makeStateFolder(dirname(file));
  try {
    await ledgers.writeFile(file, { format: 1, canaries });
  } catch (error) {
    throw stateFolderFailure(file, error);
  }
}

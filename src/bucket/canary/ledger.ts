import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../base/failure.ts';
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

/** What earlier runs have planted. @throws Failure `state-folder` for a file that is there and cannot be understood */
export async function readLedger(file: string): Promise<readonly PlantedCanary[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw stateFolderFailure(file, error);
  }
  try {
    const ledger: unknown = JSON.parse(text);
    if (isLedger(ledger)) return ledger.canaries;
  } catch {
    // Told below.
  }
  throw new Failure('state-folder', `${file} is no list of canaries that this version has written`, {
    hint: 'remove it: the next run then plants new ones, and those that are there stay as small objects',
  });
}

function isLedger(value: unknown): value is Ledger {
  return isObject(value) && value['format'] === 1 && isListOf(value['canaries'], isPlanted);
}

/** The key's form matters most: every version of a canary is deleted once it has told, so it must be no other object. */
function isPlanted(value: unknown): value is PlantedCanary {
  if (!isObject(value) || !isAct(value, true)) return false;
  const { key, plantedAtMs, versionId, uploadId, others } = value;
  return (
    typeof key === 'string' &&
    isCanaryKey(key) &&
    // A time that no Date can bear would fail later, when it is to be said.
    typeof plantedAtMs === 'number' &&
    !Number.isNaN(new Date(plantedAtMs).getTime()) &&
    isTextOrNothing(versionId) &&
    isTextOrNothing(uploadId) &&
    (others === undefined || isListOf(others, (other) => isObject(other) && isAct(other, false)))
  );
}

function isAct({ rule, act, days, storageClass }: Fields, mayBeControl: boolean): boolean {
  return (
    typeof rule === 'string' &&
    typeof act === 'string' &&
    (Object.hasOwn(takers, act) || (mayBeControl && act === 'control')) &&
    Number.isInteger(days) &&
    isTextOrNothing(storageClass) &&
    act.startsWith('moves') === (storageClass !== undefined)
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

/** Whole or not at all. @throws Failure `state-folder` */
export async function writeLedger(file: string, canaries: readonly PlantedCanary[]): Promise<void> {
  const ledger: Ledger = { format: 1, canaries };
  makeStateFolder(dirname(file));
  try {
    await writeFile(`${file}.new`, `${JSON.stringify(ledger, undefined, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw stateFolderFailure(file, error);
  }
}

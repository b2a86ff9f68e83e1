import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../../failure.ts';
import { stateFolderFailure } from '../../record/state-folder.ts';
import type { CanaryAct } from './canary.ts';

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
  throw new Failure('state-folder', `${file} is no list of canaries`, {
    hint: 'remove it: the next run then plants new ones, and those that are there stay as small objects',
  });
}

function isLedger(value: unknown): value is Ledger {
  return (
    typeof value === 'object' &&
    value !== null &&
    'format' in value &&
    value.format === 1 &&
    'canaries' in value &&
    Array.isArray(value.canaries)
  );
}

/** Whole or not at all. @throws Failure `state-folder` */
export async function writeLedger(file: string, canaries: readonly PlantedCanary[]): Promise<void> {
  const ledger: Ledger = { format: 1, canaries };
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(`${file}.new`, `${JSON.stringify(ledger, undefined, 2)}\n`, { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    throw stateFolderFailure(file, error);
  }
}

import { basename, dirname, join } from 'node:path';
import { describeDamage, document, type Reading } from '../../base/document.ts';
import { keptAside, readBounded, writeWhole } from '../../base/files.ts';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import type { AlertProofs } from '../../language/generated/alert-proofs.types.ts';
import type { AlertState } from '../../language/generated/alert-state.types.ts';

/** A plan's alerts, an environment and channel each. */
const stateLimitBytes = 4 * 1024 * 1024;

const alertStates = document<AlertState>({
  name: 'note of what was told',
  limitBytes: stateLimitBytes,
  schema: () => import('../../language/generated/alert-state.validate.ts'),
});

const alertProofs = document<AlertProofs>({
  name: 'note of proven channels',
  limitBytes: stateLimitBytes,
  schema: () => import('../../language/generated/alert-proofs.validate.ts'),
});

/** A note, and what is wrong with its file in half a sentence: an empty note stands for one that is damaged. */
export interface Noted<Value> {
  readonly note: Value;
  readonly damage?: string;
  /** The name, beside it, that a damaged file gets when it is written anew. */
  readonly keptAs?: string;
}

/** What was told of a plan; of one that is new, or whose file is damaged, nothing: better told twice than not at all. */
export async function readAlertState(stateFolder: string, plan: string): Promise<Noted<AlertState>> {
  const kept = await alertStates.readFile(stateFile(stateFolder, plan));
  return noted(kept, { format: 1, environments: [], repeats: {} });
}

/** @throws Failure `state-folder` */
export function writeAlertState(stateFolder: string, plan: string, state: AlertState): Promise<void> {
  const file = stateFile(stateFolder, plan);
  return inState(file, () => alertStates.writeFile(file, state));
}

/** What was proven; with a damaged file nothing: to be proven anew. */
export async function readProofs(stateFolder: string): Promise<Noted<AlertProofs>> {
  return noted(await alertProofs.readFile(proofsFile(stateFolder)), { format: 1, channels: {} });
}

function noted<Value>(reading: Reading<Value>, none: Value): Noted<Value> {
  if (reading.state === 'sound') return { note: reading.value };
  return reading.state === 'missing'
    ? { note: none }
    : {
        note: none,
        damage: describeDamage(reading.damage),
        keptAs: basename(keptAside(reading.damage.where)),
      };
}

/** @throws Failure `state-folder` */
export function writeProofs(stateFolder: string, proofs: AlertProofs): Promise<void> {
  const file = proofsFile(stateFolder);
  return inState(file, () => alertProofs.writeFile(file, proofs));
}

function proofsFile(stateFolder: string): string {
  return join(stateFolder, 'alert-proofs.json');
}

/** The environments' file as it last was when it could be read: whom to tell once it cannot. */
function keptEnvironmentsFile(stateFolder: string): string {
  return join(stateFolder, 'alert-environments.yaml');
}

/** @throws Failure `state-folder` */
export async function keepEnvironments(stateFolder: string, text: string): Promise<void> {
  const file = keptEnvironmentsFile(stateFolder);
  const bytes = Buffer.from(text);
  const kept = await readBounded(file, bytes.length);
  if (kept.state !== 'read' || !kept.bytes.equals(bytes)) await inState(file, () => writeWhole(file, bytes));
}

/** Far more than any file of environments takes. */
const keptBytesLimit = 4 * 1024 * 1024;

/** What was kept; undefined when nothing was, or nothing that can be read. */
export async function keptEnvironments(stateFolder: string): Promise<Buffer | undefined> {
  const kept = await readBounded(keptEnvironmentsFile(stateFolder), keptBytesLimit);
  return kept.state === 'read' ? kept.bytes : undefined;
}

function stateFile(stateFolder: string, plan: string): string {
  return join(stateFolder, 'alerts', `${plan}.json`);
}

/** @throws Failure `state-folder` */
async function inState(file: string, write: () => Promise<void>): Promise<void> {
  makeStateFolder(dirname(file));
  try {
    await write();
  } catch (error) {
    throw stateFolderFailure(file, error);
  }
}

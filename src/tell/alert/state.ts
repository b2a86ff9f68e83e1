import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeStateFolder, stateFolderFailure } from '../../base/state-folder.ts';
import type { AlertProofs } from '../../language/generated/alert-proofs.types.ts';
import { validate as validateProofs } from '../../language/generated/alert-proofs.validate.ts';
import type { AlertState } from '../../language/generated/alert-state.types.ts';
import { validate as validateState } from '../../language/generated/alert-state.validate.ts';

/** What was told of a plan; of one that is new, or whose file is damaged, nothing: better told twice than not at all. */
export async function readAlertState(stateFolder: string, plan: string): Promise<AlertState> {
  const value = await readJson(stateFile(stateFolder, plan));
  return isState(value) ? value : { format: 1, environments: [], repeats: {} };
}

/** @throws Failure `state-folder` */
export function writeAlertState(stateFolder: string, plan: string, state: AlertState): Promise<void> {
  return writeWhole(stateFile(stateFolder, plan), `${JSON.stringify(state, null, 2)}\n`);
}

export async function readProofs(stateFolder: string): Promise<AlertProofs> {
  const value = await readJson(join(stateFolder, 'alert-proofs.json'));
  return isProofs(value) ? value : { format: 1, channels: {} };
}

/** @throws Failure `state-folder` */
export function writeProofs(stateFolder: string, proofs: AlertProofs): Promise<void> {
  return writeWhole(join(stateFolder, 'alert-proofs.json'), `${JSON.stringify(proofs, null, 2)}\n`);
}

/** The environments' file as it last was when it could be read: whom to tell once it cannot. */
export function keptEnvironmentsFile(stateFolder: string): string {
  return join(stateFolder, 'alert-environments.yaml');
}

/** @throws Failure `state-folder` */
export async function keepEnvironments(stateFolder: string, text: string): Promise<void> {
  const file = keptEnvironmentsFile(stateFolder);
  const kept = await readFile(file, 'utf8').catch(() => undefined);
  if (kept !== text) await writeWhole(file, text);
}

function stateFile(stateFolder: string, plan: string): string {
  return join(stateFolder, 'alerts', `${plan}.json`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is AlertState {
  return validateState(value);
}

function isProofs(value: unknown): value is AlertProofs {
  return validateProofs(value);
}

/** Writes a file as a whole or not at all, and durably: under another name first. */
async function writeWhole(file: string, text: string): Promise<void> {
  makeStateFolder(dirname(file));
  const temporary = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw stateFolderFailure(file, error);
  }
}

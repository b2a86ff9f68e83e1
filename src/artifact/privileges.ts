import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import {
  definitionsStage,
  dumpEncodings,
  isDumpFailure,
  type DefinitionsCommand,
  type DumpCommand,
} from '../postgres/dump-command.ts';
import type { DumpSource } from '../postgres/dump-source.ts';
import {
  readPrivilegesHead,
  writePrivileges,
  type PrivilegesHead,
  type PrivilegesText,
} from '../postgres/privileges-text.ts';
import { orWhyNot } from '../postgres/savepoint.ts';
import type { Reporter } from '../task/contract.ts';
import { runStage, storeText, type DumpStorage } from './store-dump.ts';

/** Owners, privileges and settings as SQL, in a file on this host; or, in words, why there is none. */
export type WrittenPrivileges = PrivilegesText | { readonly missing: string };

/** What they begin with, of the dump's own snapshot; or why it could not be read. @throws when the session is lost */
export function privilegesHead({ session, facts }: DumpSource): Promise<PrivilegesHead | Failure> {
  return orWhyNot(session, () => readPrivilegesHead(session, facts.version));
}

/**
 * Writes owners, privileges and settings of the dump's own snapshot as SQL, without its session. The dump is worth storing
 * without them, so that what goes wrong is an answer. @throws the signal's reason
 */
export async function takePrivileges(
  source: DumpSource,
  head: PrivilegesHead | Failure,
  command: DumpCommand,
  storage: DumpStorage,
): Promise<WrittenPrivileges> {
  if (head instanceof Failure) return { missing: head.message };
  const { folder, signal } = storage;
  const definitions = join(folder, 'definitions.sql');
  try {
    const encoding = await dumpDefinitions(command, source.facts.locale.encoding, storage, definitions);
    return await writePrivileges(head, { definitions, encoding, folder });
  } catch (error) {
    signal.throwIfAborted();
    // Also the system's own: the folder may be full.
    const isExpected = error instanceof Failure || (error instanceof Error && 'syscall' in error);
    if (!isExpected) throw error;
    return { missing: error.message };
  } finally {
    await rm(definitions, { force: true });
  }
}

/**
 * Dumps definitions, owners and privileges of a database as SQL text into a file, in the first encoding in which pg_dump can
 * say them, which it gives.
 * @throws Failure `command-failed`; the signal's reason
 */
export async function dumpDefinitions(
  command: Omit<DefinitionsCommand, 'encoding'>,
  ofDatabase: string,
  { commands, signal }: Pick<DumpStorage, 'commands' | 'signal'>,
  file: string,
): Promise<string> {
  const [first, own] = dumpEncodings(ofDatabase);
  const dumpIn = async (encoding: string): Promise<string> => {
    await runStage(commands, definitionsStage({ ...command, encoding }, file), signal);
    return encoding;
  };
  try {
    return await dumpIn(first);
  } catch (error) {
    if (own === undefined || !isDumpFailure(error)) throw error;
    return dumpIn(own);
  }
}

/** Stores them beside the dump, or warns that they are not there. @throws Failure `repository-*`, `command-failed` */
export async function storePrivileges(
  written: WrittenPrivileges,
  storage: DumpStorage,
  report: Pick<Reporter, 'warn'>,
): Promise<void> {
  if ('missing' in written) {
    report.warn(`the dump is stored, and owners and privileges are not kept beside it: ${written.missing}`);
    return;
  }
  for (const statement of written.leftOut)
    report.warn(`not kept among owners and privileges, as nobody here knows it: ${statement}`);
  await storeText('privileges', createReadStream(written.file), storage);
}

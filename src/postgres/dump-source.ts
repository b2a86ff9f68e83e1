import type { Commands } from '../process/commands.ts';
import { chooseClientTools, type ChosenClient, type ClientTools, type FindOptions } from './client-tools.ts';
import type { Session } from './connect.ts';
import { selectParts, type DumpSelection } from './dump-selection.ts';
import { checkReadable, estimateRawBytes } from './preflight.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';
import { listTables, type Table } from './tables.ts';

/** A database that was found fit to be dumped, and the session that looks at it. */
export interface DumpSource {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly client: ChosenClient;
  /** Whose rows are dumped, as they were when it was looked at; the snapshot has its own. */
  readonly tables: readonly Table[];
  /** What a dump will roughly take before compression, bytes. */
  readonly estimatedBytes: number;
}

/**
 * Proves that a session's database can be dumped: there is a client for the server's major, and the role can read
 * all that is to be dumped. `packaged`: what `findPackagedClients` finds, asked for beside the server.
 * @throws Failure `postgres-*`, `tool-missing`.
 */
export async function inspectDumpSource(
  session: Session,
  commands: Commands,
  find: FindOptions,
  packaged: Promise<readonly ClientTools[]>,
  selection?: DumpSelection,
): Promise<DumpSource> {
  const facts = await readServerFacts(session);
  const client = await chooseClientTools(commands, facts.major, find, packaged);
  const { tables, withLargeObjects } = await checkDumpable(session, facts, selection);
  const estimated = withLargeObjects ? facts : { ...facts, largeObjectBytes: 0 };
  return { session, facts, client, tables, estimatedBytes: estimateRawBytes(tables, estimated) };
}

/**
 * Proves that the session's role can read all that a selection means, or the whole database; gives the tables whose rows
 * are dumped.
 * @throws Failure `postgres-permission`, `dump-unusable`
 */
export async function checkDumpable(
  session: Session,
  facts: ServerFacts,
  selection: DumpSelection | undefined,
): Promise<{ readonly tables: readonly Table[]; readonly withLargeObjects: boolean }> {
  const every = await listTables(session);
  const parts = selection === undefined ? undefined : await selectParts(session, selection);
  const defined = parts === undefined ? every : every.filter((table) => parts.isDumped(table));
  const tables = parts === undefined ? every : every.filter((table) => parts.hasRows(table));
  const withLargeObjects = parts?.withLargeObjects ?? true;
  await checkReadable(session, facts, tables, { defined, largeObjects: withLargeObjects });
  return { tables, withLargeObjects };
}

import type { PostgresEndpoint } from '../environment/environment.ts';
import type { Commands } from '../process/commands.ts';
import type { Secrets } from '../secret/reference.ts';
import { applicationName } from './application-name.ts';
import { chooseClientTools, type ChosenClient, type FindOptions } from './client-tools.ts';
import { connect, type Session } from './connect.ts';
import { checkReadable, estimateRawBytes } from './preflight.ts';
import { readServerFacts, type ServerFacts } from './server-facts.ts';
import { listTables, type Table } from './tables.ts';

/** A database that was found fit to be dumped, and the session that looks at it. */
export interface DumpSource extends AsyncDisposable {
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly client: ChosenClient;
  /** As they were when it was looked at; the snapshot has its own. */
  readonly tables: readonly Table[];
  /** What a dump will roughly take before compression, bytes. */
  readonly estimatedBytes: number;
}

export interface DumpSourceOptions {
  readonly secrets: Secrets;
  readonly commands: Commands;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly find: FindOptions;
}

/**
 * Connects and proves that this database can be dumped: there is a client for the server's major, and the role can
 * read everything.
 * @throws Failure `postgres-*`, `tool-missing`.
 */
export async function openDumpSource(
  endpoint: PostgresEndpoint,
  options: DumpSourceOptions,
): Promise<DumpSource> {
  const session = await connect(endpoint, {
    secrets: options.secrets,
    applicationName: applicationName(options.runId),
    signal: options.signal,
  });
  try {
    const facts = await readServerFacts(session);
    const client = await chooseClientTools(options.commands, facts.major, options.find);
    const tables = await listTables(session);
    await checkReadable(session, facts, tables);
    return {
      session,
      facts,
      client,
      tables,
      estimatedBytes: estimateRawBytes(tables, facts),
      [Symbol.asyncDispose]: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

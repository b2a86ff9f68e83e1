import { Socket } from 'node:net';
import type { Client, ClientConfig, QueryArrayConfig } from 'pg';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { failureOfServerError, invitesOtherEncryption, withoutPassword } from './server-error.ts';
import { renderOptions, setKnown, settingsAtStart, settingsByMajor } from './settings.ts';
import { checkSameServer, identityColumns, type ServerIdentity } from './server-identity.ts';
import { encryptionAttempts, type Encryption } from './tls.ts';

/**
 * One session with a server, for one query at a time. Nothing that was set for the role, the database or the server ends
 * its statements or keeps it from writing.
 */
export interface Session extends AsyncDisposable {
  readonly endpoint: PostgresEndpoint;
  /** Who has answered. */
  readonly server: Server;
  /**
   * Rows of one statement. `int8` and `numeric` come as strings.
   * @throws Failure `postgres-*`; the reason of the signal when that aborted the session.
   */
  query<Row extends object>(
    text: string,
    values?: readonly unknown[],
    doing?: string,
  ): Promise<readonly Row[]>;
  /**
   * One statement, its values as the server writes them. A text of several statements is refused, so that a transaction
   * holds whatever somebody else's text says.
   * @throws Failure `postgres-*`; the reason of the signal when that aborted the session.
   */
  statement(text: string, doing?: string): Promise<StatementResult>;
  /**
   * Another session of the same user and settings, in another database of the very server; the caller closes it.
   * @throws Failure as `connect`; `target-refused` when another server answered
   */
  inDatabase(database: string): Promise<Session>;
  /** Aborts when the server or the network ends the session; its reason is the Failure. Silent after `close`. */
  readonly lost: AbortSignal;
  /** Ends the session; never throws and never waits longer than two seconds. */
  close(): Promise<void>;
}

/** The server of a session, as it says itself. */
export interface Server extends ServerIdentity {
  readonly major: number;
  /** The session's role may do everything. */
  readonly superuser: boolean;
  /** Where its answers come from, as an address; undefined for a Unix socket. */
  readonly address: string | undefined;
}

/** What one statement gave. */
export interface StatementResult {
  /** In order; `type` is the oid of the type. */
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface ConnectOptions {
  readonly secrets: Secrets;
  /** What the server shows in pg_stat_activity; see `applicationName`. */
  readonly applicationName: string;
  /** Breaks the session off, at once and in the middle of a query. */
  readonly signal?: AbortSignal;
  /** 15 s unless said: what libpq users set, long enough for a slow name server. */
  readonly connectTimeoutMs?: number;
  /** Its statements are an operator's own: names mean what the role's and the database's search path say. */
  readonly operator?: true;
}

const connectTimeoutMs = 15_000;
/** A dead peer is noticed by keepalives after this long, in place of the kernel's two hours. */
const keepAliveDelayMs = 30_000;
const closeTimeoutMs = 2_000;

/** Loads the driver, so that the first session need not wait for it. */
export async function loadDriver(): Promise<void> {
  await import('pg');
}

/**
 * Opens a session as libpq would: its sslmode's ways in its order, then a login. Nothing comes from variables of this
 * process. A password is the endpoint's; where it has none, none is given.
 * @throws Failure `postgres-unreachable`, `postgres-login`, `postgres-database-missing`, `secret-unavailable`.
 */
export function connect(endpoint: PostgresEndpoint, options: ConnectOptions): Promise<Session> {
  return connectTo(endpoint, options);
}

/** Databases that every server is made with, in the order in which Postgres's own tools try them. */
const maintenanceDatabases = ['postgres', 'template1'];

/**
 * A session in a server's maintenance database: for creating, renaming and dropping others, and for locks that must
 * outlive them.
 * @throws Failure `postgres-*`
 */
export async function connectMaintenance(
  endpoint: PostgresEndpoint,
  options: ConnectOptions,
): Promise<Session> {
  for (const database of maintenanceDatabases) {
    try {
      return await connect({ ...endpoint, database }, options);
    } catch (error) {
      const isMissing = error instanceof Failure && error.code === 'postgres-database-missing';
      if (!isMissing) throw error;
    }
  }
  return connect(endpoint, options);
}

/** `same`: the server that must answer, by a name or a balancer of several. */
async function connectTo(
  endpoint: PostgresEndpoint,
  options: ConnectOptions,
  same?: Server,
): Promise<Session> {
  options.signal?.throwIfAborted();
  const attempts = await encryptionAttempts(endpoint);
  const password =
    endpoint.password === undefined ? undefined : await options.secrets.resolve(endpoint.password);
  let refusal: unknown;
  for (const encryption of attempts) {
    try {
      return await open(endpoint, { encryption, password: password?.reveal(), same }, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      refusal ??= error;
      if (!invitesOtherEncryption(error)) throw failureOfServerError(error, endpoint);
    }
  }
  throw failureOfServerError(refusal, endpoint);
}

interface Attempt {
  readonly encryption: Encryption;
  readonly password: string | undefined;
  readonly same: Server | undefined;
}

async function open(endpoint: PostgresEndpoint, attempt: Attempt, options: ConnectOptions): Promise<Session> {
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client = new pg.Client(clientConfig(endpoint, attempt, options, socket));
  const breakOff = (): void => void socket.destroy();
  options.signal?.addEventListener('abort', breakOff, { once: true });
  const lost = watch(client, endpoint);
  let server: Server;
  try {
    await client.connect();
    server = await meet(client, socket, endpoint, attempt.same);
  } catch (error) {
    options.signal?.removeEventListener('abort', breakOff);
    lost.ignore();
    socket.destroy();
    throw error;
  }
  const close = async (): Promise<void> => {
    options.signal?.removeEventListener('abort', breakOff);
    lost.ignore();
    const timer = setTimeout(() => void socket.destroy(), closeTimeoutMs);
    await client.end().catch(() => undefined);
    clearTimeout(timer);
    socket.destroy();
  };
  const perform = async <Result>(work: () => Promise<Result>, doing?: string): Promise<Result> => {
    options.signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      // Why the session ended says more than that a query found it ended.
      options.signal?.throwIfAborted();
      lost.signal.throwIfAborted();
      throw failureOfServerError(error, endpoint, doing);
    }
  };
  return {
    endpoint,
    server,
    lost: lost.signal,
    query: <Row extends object>(text: string, values: readonly unknown[] = [], doing?: string) =>
      perform(() => rowsOf<Row>(client, text, [...values]), doing),
    statement: (text, doing) => perform(() => performStatement(client, text), doing),
    inDatabase: (database) => connectTo({ ...endpoint, database }, options, server),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The driver's types do not know it. */
const noReplication = { replication: 'false' };

/** Whatever is said here the driver does not look for among the variables of this process. */
function clientConfig(
  endpoint: PostgresEndpoint,
  { encryption, password, same }: Attempt,
  options: ConnectOptions,
  socket: Socket,
): ClientConfig {
  return {
    host: same?.address ?? endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    password: () => password ?? withoutPassword(endpoint),
    ssl: encryption,
    sslnegotiation: 'postgres',
    ...noReplication,
    application_name: options.applicationName,
    options: renderOptions(settingsAtStart(options.operator === true)),
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    stream: () => socket,
  };
}

/** The first statement of a session: the rest of its settings, and who has answered. */
async function meet(
  client: Client,
  socket: Socket,
  endpoint: PostgresEndpoint,
  same: Server | undefined,
): Promise<Server> {
  const { rows } = await client.query<ServerIdentity & Pick<Server, 'major' | 'superuser'>>(
    `select ${setKnown('$1')} as settings,
            ${identityColumns},
            current_setting('server_version_num')::int / 10000 as major,
            coalesce((select rolsuper from pg_catalog.pg_roles where rolname = session_user), false) as superuser`,
    [JSON.stringify(settingsByMajor)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the server gave no row');
  const { startedAt, where, major, superuser } = row;
  const server = { startedAt, where, major, superuser, address: addressOf(socket) };
  if (same !== undefined) checkSameServer(same, server, `the session in ${endpoint.database}`);
  return server;
}

/** One that is bound to a network interface says nothing to a program. */
function addressOf({ remoteAddress }: Socket): string | undefined {
  return remoteAddress?.includes('%') === true ? undefined : remoteAddress;
}

/** The server has no UTF-8 for what it holds, or holds what is none. */
const unsayable = new Set(['22P05', '22021']);

/**
 * Rows, their texts in UTF-8. Where a database holds what no UTF-8 can say, the question is asked again for the bytes as
 * they are, of which the driver shows what it can: a name that is for people must not end a run. Not within a
 * transaction, which the first answer has ended, nor where the question itself would be taken for other bytes.
 */
async function rowsOf<Row extends object>(
  client: Client,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } catch (error) {
    const isAscii = /^[\0-\x7f]*$/.test(text + JSON.stringify(values));
    const code = (error as { readonly code?: string }).code ?? '';
    if (!unsayable.has(code) || !isAscii || client.getTransactionStatus() !== 'I') throw error;
    await client.query('set client_encoding to sql_ascii');
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.query('set client_encoding to utf8');
    }
  }
}

async function performStatement(client: Client, text: string): Promise<StatementResult> {
  const config: QueryArrayConfig & { readonly queryMode: 'extended' } = {
    text,
    rowMode: 'array',
    types: { getTypeParser: () => (value: string) => value },
    // The extended protocol takes one statement at a time.
    queryMode: 'extended',
  };
  const { fields, rows } = await client.query<(string | null)[]>(config);
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows };
}

/** pg reports a session that ends by itself as an `error` event; without a listener Node would die of it. */
function watch(client: Client, endpoint: PostgresEndpoint): { signal: AbortSignal; ignore(): void } {
  const controller = new AbortController();
  let ignored = false;
  client.on('error', (error) => {
    if (ignored) return;
    const failure = failureOfServerError(error, endpoint);
    controller.abort(
      failure.code === 'postgres-connection-lost'
        ? failure
        : new Failure('postgres-connection-lost', failure.message, { cause: error }),
    );
  });
  return { signal: controller.signal, ignore: () => (ignored = true) };
}

import { Socket } from 'node:net';
import type { Client, QueryArrayConfig } from 'pg';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { failureOfServerError, invitesOtherEncryption } from './server-error.ts';
import { encryptionAttempts, type Encryption } from './tls.ts';

/** One session with a server, for one query at a time. */
export interface Session extends AsyncDisposable {
  readonly endpoint: PostgresEndpoint;
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
   * Another session of the same user and settings, in another database of the server; the caller closes it.
   * @throws Failure as `connect`
   */
  inDatabase(database: string): Promise<Session>;
  /** Aborts when the server or the network ends the session; its reason is the Failure. Silent after `close`. */
  readonly lost: AbortSignal;
  /** Ends the session; never throws and never waits longer than two seconds. */
  close(): Promise<void>;
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
 * Opens a session as libpq would: its sslmode's ways in its order, then a login.
 * @throws Failure `postgres-unreachable`, `postgres-login`, `postgres-database-missing`, `secret-unavailable`.
 */
export async function connect(endpoint: PostgresEndpoint, options: ConnectOptions): Promise<Session> {
  options.signal?.throwIfAborted();
  const attempts = await encryptionAttempts(endpoint);
  const password =
    endpoint.password === undefined ? undefined : await options.secrets.resolve(endpoint.password);
  let refusal: unknown;
  for (const encryption of attempts) {
    try {
      return await open(endpoint, encryption, password?.reveal(), options);
    } catch (error) {
      options.signal?.throwIfAborted();
      refusal ??= error;
      if (!invitesOtherEncryption(error)) throw failureOfServerError(error, endpoint);
    }
  }
  throw failureOfServerError(refusal, endpoint);
}

async function open(
  endpoint: PostgresEndpoint,
  encryption: Encryption,
  password: string | undefined,
  options: ConnectOptions,
): Promise<Session> {
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client = new pg.Client({
    host: endpoint.host,
    port: endpoint.port,
    database: endpoint.database,
    user: endpoint.user,
    password,
    ssl: encryption,
    application_name: options.applicationName,
    // Nothing of the caller's PGOPTIONS may change what this session sees.
    options: '',
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    stream: () => socket,
  });
  const breakOff = (): void => void socket.destroy();
  options.signal?.addEventListener('abort', breakOff, { once: true });
  const lost = watch(client, endpoint);
  try {
    await client.connect();
  } catch (error) {
    options.signal?.removeEventListener('abort', breakOff);
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
    lost: lost.signal,
    query: <Row extends object>(text: string, values: readonly unknown[] = [], doing?: string) =>
      perform(async () => (await client.query<Row>(text, [...values])).rows, doing),
    statement: (text, doing) => perform(() => performStatement(client, text), doing),
    inDatabase: (database) => connect({ ...endpoint, database }, options),
    close,
    [Symbol.asyncDispose]: close,
  };
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

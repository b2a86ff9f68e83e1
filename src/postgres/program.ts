import { defined } from '../base/defined.ts';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Secrets } from '../language/secret-reference.ts';
import type { Commands } from '../process/commands.ts';
import type { Session } from './connect.ts';
import { checkSameServer, identityColumns, type ServerIdentity } from './server-identity.ts';
import { describeEndpoint } from './server-error.ts';
import { renderOptions, settingsOfProgram, type Settings } from './settings.ts';
import { tlsFiles } from './tls.ts';

/** What a program gets of variables beside those that every program does. Nothing of libpq's is among the latter. */
export type Variables = Readonly<Record<string, string>>;

export interface EndpointOptions {
  readonly secrets: Secrets;
  /** A private folder (0700) that is removed afterwards; the password file is written there. */
  readonly folder: string;
  /** See `applicationName`. */
  readonly applicationName: string;
}

/**
 * The variables by which an operator's own programs reach an endpoint, and no other of libpq's. The password lies in a
 * file of mode 0600 and never in the environment or in arguments. `readOnly`: their sessions begin so.
 * @throws Failure `secret-unavailable`.
 */
export async function endpointVariables(
  endpoint: PostgresEndpoint,
  options: EndpointOptions & { readonly readOnly?: boolean },
): Promise<Variables> {
  return {
    ...variablesOf(endpoint),
    PGAPPNAME: options.applicationName,
    ...(endpoint.password !== undefined && { PGPASSFILE: await writePasswordFile(endpoint, options) }),
    ...(options.readOnly === true && { PGOPTIONS: renderOptions({ default_transaction_read_only: 'on' }) }),
  };
}

/** What a program needs to reach an endpoint that asks for no password, such as a throw-away cluster's. */
export function variablesOf(endpoint: PostgresEndpoint): Variables {
  const { host, port, database, user, sslmode, sslrootcert } = endpoint;
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGSSLMODE: sslmode,
    ...defined({ PGSSLROOTCERT: sslrootcert }),
    PGCONNECT_TIMEOUT: '15',
  };
}

/**
 * The whole of what one of our libpq programs is told: it reaches the very server of a session, by the same files of the
 * account, its sessions begin as ours do (with `settings` beside that), texts go to and fro in UTF-8, and its messages
 * are in English, so that they can be read by this program.
 * @throws Failure `secret-unavailable`.
 */
export async function programEnvironment(
  { endpoint, server }: Session,
  options: EndpointOptions & { readonly settings?: Settings },
): Promise<Variables> {
  // Nobody but this process can make a file there.
  const none = join(options.folder, 'no-such-file');
  const { rootCertificate = none, revocations = none, own } = await tlsFiles(endpoint);
  return {
    ...(await endpointVariables(endpoint, options)),
    ...defined({ PGHOSTADDR: server.address }),
    // Without these a program would look into the account's home folder by itself.
    ...(endpoint.password === undefined && { PGPASSFILE: none }),
    PGSSLROOTCERT: rootCertificate,
    PGSSLCRL: revocations,
    PGSSLCERT: own?.certificate ?? none,
    PGSSLKEY: own?.key ?? none,
    PGGSSENCMODE: 'disable',
    PGCLIENTENCODING: 'UTF8',
    PGOPTIONS: renderOptions({ ...settingsOfProgram(server), ...options.settings }),
    LC_ALL: 'C',
  };
}

/**
 * Asks through a program and its environment which server answers, before a program writes.
 * @throws Failure `target-refused` when it is not that of the session; `postgres-unreachable`
 */
export async function checkProgramServer(
  { endpoint, server }: Session,
  commands: Commands,
  psql: string,
  environment: Variables,
): Promise<void> {
  const question = `select row_to_json(me) from (select ${identityColumns}) as me`;
  const words = ['--no-psqlrc', '--no-align', '--tuples-only', '--no-password', '--command', question];
  const { exitCode, stdout, stderr } = await commands.run(psql, words, { environment, accept: [0, 1, 2] });
  if (exitCode !== 0) {
    throw new Failure(
      'postgres-unreachable',
      `psql does not reach ${describeEndpoint(endpoint)}: ${stderr.trim()}`,
      {
        hint: "A session of this program's own did: see why the server turns another one down.",
        fields: { program: 'psql', exit: exitCode },
      },
    );
  }
  checkSameServer(server, JSON.parse(stdout) as ServerIdentity, 'psql');
}

async function writePasswordFile(endpoint: PostgresEndpoint, options: EndpointOptions): Promise<string> {
  if (endpoint.password === undefined) return '';
  const password = (await options.secrets.resolve(endpoint.password)).reveal();
  if (/[\n\r\0]/.test(password)) {
    throw new Failure(
      'secret-unavailable',
      'The password holds a line break, which no libpq program can take',
      {
        where: endpoint.password.position,
        hint: 'Check the command or file that it comes from.',
      },
    );
  }
  const path = join(options.folder, `pgpass-${randomUUID()}`);
  await writeFile(path, renderPasswordFile(password), { mode: 0o600, flag: 'wx' });
  return path;
}

/**
 * The text of a libpq password file that answers for every host and database: the file serves one endpoint only, and
 * programs such as pg_dumpall connect to databases of their own choice.
 */
export function renderPasswordFile(password: string): string {
  return `*:*:*:*:${password.replaceAll(/[\\:]/g, String.raw`\$&`)}\n`;
}

/**
 * The connection string of a database: its name, whatever its characters, with keepalives that notice a dead server
 * after about a minute. It holds no secret.
 */
export function connectionString(database: string): string {
  const quoted = database.replaceAll(/[\\']/g, String.raw`\$&`);
  return `dbname='${quoted}' keepalives_idle=30 keepalives_interval=10 keepalives_count=3`;
}

/** The same as an argument. */
export function databaseArgument(database: string): string {
  return `--dbname=${connectionString(database)}`;
}

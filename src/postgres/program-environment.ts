import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Secrets } from '../language/secret-reference.ts';

export interface ProgramEnvironmentOptions {
  readonly secrets: Secrets;
  /** A private folder (0700) that is removed afterwards; the password file is written there. */
  readonly folder: string;
  /** See `applicationName`. */
  readonly applicationName: string;
}

/** Variables of the caller's that would lead a program elsewhere, or make it write another encoding. */
const neutral = { PGOPTIONS: '', PGHOSTADDR: '', PGCLIENTENCODING: '', PGTARGETSESSIONATTRS: 'any' } as const;

/**
 * What a libpq program (pg_dump, pg_restore, psql, createdb) needs to reach an endpoint, as environment variables. The
 * password lies in a file of mode 0600 and never in the environment or in arguments. Messages are in English, so that
 * they can be read by this program.
 * @throws Failure `secret-unavailable`.
 */
export async function programEnvironment(
  endpoint: PostgresEndpoint,
  options: ProgramEnvironmentOptions,
): Promise<Readonly<Record<string, string>>> {
  return {
    PGHOST: endpoint.host,
    PGPORT: String(endpoint.port),
    PGDATABASE: endpoint.database,
    PGUSER: endpoint.user,
    PGAPPNAME: options.applicationName,
    PGSSLMODE: endpoint.sslmode,
    ...(endpoint.sslrootcert !== undefined && { PGSSLROOTCERT: endpoint.sslrootcert }),
    PGCONNECT_TIMEOUT: '15',
    ...neutral,
    LC_ALL: 'C',
    // An inherited PGPASSWORD would win over the file.
    ...(endpoint.password !== undefined && {
      PGPASSWORD: '',
      PGPASSFILE: await writePasswordFile(endpoint, options),
    }),
  };
}

async function writePasswordFile(
  endpoint: PostgresEndpoint,
  options: ProgramEnvironmentOptions,
): Promise<string> {
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
 * The connection string for `--dbname`: the database's name, whatever its characters, with keepalives that notice a
 * dead server after about a minute. It holds no secret.
 */
export function databaseArgument(database: string): string {
  const quoted = database.replaceAll(/[\\']/g, String.raw`\$&`);
  return `--dbname=dbname='${quoted}' keepalives_idle=30 keepalives_interval=10 keepalives_count=3`;
}

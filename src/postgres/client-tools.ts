import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { Commands } from '../process/commands.ts';
import { findInstallationFolders } from './server-installation.ts';

/** The client programs of one major, in one folder. */
export interface ClientTools {
  readonly major: number;
  /** As pg_dump says it: `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
  readonly pgDump: string;
  readonly pgRestore: string;
  readonly pgDumpall: string;
  readonly psql: string;
  readonly vacuumdb: string;
}

export interface FindOptions {
  /** Look here and nowhere else. */
  readonly folder?: string;
}

export interface ChosenClient {
  readonly tools: ClientTools;
  /** Said when the client's major is not the server's. */
  readonly warning?: string;
}

/**
 * The client for a server of `serverMajor`: of the same major, otherwise of the nearest newer one and with a warning,
 * because its dumps may hold settings that the older server does not know. Never an older one: it would refuse, or
 * leave out what it does not know. `packaged`: what `findPackagedClients` finds, where it was asked for before the server
 * told its major.
 * @throws Failure `tool-missing` with the package to install, also when every client is older.
 */
export async function chooseClientTools(
  commands: Commands,
  serverMajor: number,
  options: FindOptions = {},
  packaged = findPackagedClients(commands, options),
): Promise<ChosenClient> {
  const found = await findClientTools(commands, options, serverMajor, packaged);
  const chosen = chooseMajor(found, serverMajor);
  if (chosen === undefined) throw noClient(found, serverMajor, options);
  if (chosen.major === serverMajor) return { tools: chosen };
  return {
    tools: chosen,
    warning: `No client of PostgreSQL ${serverMajor} is installed; using ${chosen.major}, whose dumps may not restore into ${serverMajor}. Install ${packageOf(serverMajor)}.`,
  };
}

/**
 * The client that restores a dump written by a pg_dump of `dumpMajor` into a server of `serverMajor`: never older than
 * the dump, whose format it could not read; of the server's major where that is so, otherwise the nearest.
 * @throws Failure `tool-missing`
 */
export async function chooseRestoreTools(
  commands: Commands,
  dumpMajor: number,
  serverMajor: number,
  options: FindOptions = {},
): Promise<ChosenClient> {
  const found = await findClientTools(commands, options, Math.max(dumpMajor, serverMajor));
  const able = found.filter(({ major }) => major >= dumpMajor);
  const distance = ({ major }: ClientTools): number => Math.abs(major - serverMajor);
  const [nearest] = able.toSorted((left, right) => distance(left) - distance(right));
  if (nearest === undefined) throw noClient(found, dumpMajor, options, 'dump');
  if (nearest.major <= serverMajor) return { tools: nearest };
  return {
    tools: nearest,
    warning: `pg_restore is PostgreSQL ${nearest.major} and the target ${serverMajor}: settings that the target does not know are passed over. Install ${packageOf(serverMajor)}.`,
  };
}

/** The same major or the nearest newer one; undefined when every client is older. */
export function chooseMajor<Client extends { readonly major: number }>(
  clients: readonly Client[],
  serverMajor: number,
): Client | undefined {
  return clients
    .filter((client) => client.major >= serverMajor)
    .reduce<Client | undefined>(
      (nearest, client) => (nearest === undefined || client.major < nearest.major ? client : nearest),
      undefined,
    );
}

/**
 * Every pg_dump that answers to `--version`: in the folders of packages, and then the one that PATH finds. That is not
 * asked when the folders have the `sought` major: on Debian it is a script that chooses among the same folders, and
 * takes three times as long to answer.
 */
export async function findClientTools(
  commands: Commands,
  options: FindOptions = {},
  sought?: number,
  packaged = findPackagedClients(commands, options),
): Promise<readonly ClientTools[]> {
  const found = await packaged;
  if (options.folder !== undefined || found.some(({ major }) => major === sought)) return found;
  return present([...found, await inspect(commands, '')]);
}

/** Every pg_dump that answers to `--version` in the folders of packages, or in the one folder to look at. */
export async function findPackagedClients(
  commands: Commands,
  { folder }: FindOptions = {},
): Promise<readonly ClientTools[]> {
  const folders =
    folder === undefined ? (await findInstallationFolders()).map(({ binFolder }) => binFolder) : [folder];
  return present(await Promise.all(folders.map((each) => inspect(commands, `${each}/`))));
}

/**
 * The pg_restore of the package of one major, by its folder's name: it need not be asked what it is. Otherwise that of
 * `chooseClientTools`.
 * @throws as `chooseClientTools`
 */
export async function choosePgRestore(commands: Commands, dumpMajor: number): Promise<string> {
  const folder = (await findInstallationFolders()).find(({ major }) => major === dumpMajor);
  if (folder !== undefined) {
    const program = join(folder.binFolder, 'pg_restore');
    const isThere = access(program, constants.X_OK).then(() => true);
    if (await isThere.catch(() => false)) return program;
  }
  return (await chooseClientTools(commands, dumpMajor)).tools.pgRestore;
}

function present(found: readonly (ClientTools | undefined)[]): readonly ClientTools[] {
  return found.filter((tools) => tools !== undefined);
}

/** The major of `pg_dump (PostgreSQL) 15.18 (Debian …)`, `9.6.24` or `18beta1`; undefined for anything else. */
export function parseClientVersion(
  text: string,
): { readonly version: string; readonly major: number } | undefined {
  const match = /\(PostgreSQL\) ((\d+)\S*.*)$/m.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { version: match[1].trim(), major: Number(match[2]) };
}

/** The clients whose paths begin with `prefix`; with none, PATH finds them. */
async function inspect(commands: Commands, prefix: string): Promise<ClientTools | undefined> {
  const pgDump = `${prefix}pg_dump`;
  const answer = await commands.run(pgDump, ['--version'], { accept: [0, 1, 2] }).catch(absent);
  const parsed = answer?.exitCode === 0 ? parseClientVersion(answer.stdout) : undefined;
  if (parsed === undefined) return undefined;
  return {
    ...parsed,
    pgDump,
    pgRestore: `${prefix}pg_restore`,
    pgDumpall: `${prefix}pg_dumpall`,
    psql: `${prefix}psql`,
    vacuumdb: `${prefix}vacuumdb`,
  };
}

function absent(error: unknown): undefined {
  if (error instanceof Failure && (error.code === 'tool-missing' || error.code === 'command-failed')) {
    return undefined;
  }
  throw error;
}

function noClient(
  found: readonly ClientTools[],
  serverMajor: number,
  options: FindOptions,
  whose: 'server' | 'dump' = 'server',
): Failure {
  const majors = [...new Set(found.map((tools) => tools.major))]
    .sort((left, right) => left - right)
    .join(', ');
  const where = options.folder === undefined ? 'on this host' : `in ${options.folder}`;
  if (majors === '') {
    return new Failure('tool-missing', `No pg_dump is installed ${where}`, {
      hint: `Install ${packageOf(serverMajor)}.`,
    });
  }
  return new Failure(
    'tool-missing',
    `The ${whose} is PostgreSQL ${serverMajor} and every client ${where} is older (${majors})`,
    { hint: `Install ${packageOf(serverMajor)}.` },
  );
}

function packageOf(major: number): string {
  return `postgresql-client-${major} (Debian, Ubuntu), postgresql${major} (Red Hat) or postgresql@${major} (Homebrew)`;
}

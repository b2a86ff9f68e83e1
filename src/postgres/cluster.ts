import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { startWatchdog, type Watchdog } from './cluster-watchdog.ts';
import { freeLoopbackPort } from './loopback-port.ts';
import { chooseServerInstallation, type ServerInstallation } from './server-installation.ts';
import { serverUser, type SystemUser } from './server-user.ts';

export interface ClusterOptions {
  /** The major to run; the newest installed one unless said. */
  readonly major?: number;
  /**
   * Where the cluster's folder is made: the system's temporary folder unless said. When the owner is root it must be a
   * folder that the unprivileged server user can reach.
   */
  readonly parentFolder?: string;
  /** Answers on a free port of 127.0.0.1 too; on the Unix socket alone unless said. */
  readonly tcp?: boolean;
  /** Server settings by their names in `postgresql.conf`, over `throwAwaySettings`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The system's locale for sorting and letters: `C.UTF-8` unless said, on macOS `en_US.UTF-8`. */
  readonly locale?: string;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** A running throw-away cluster. Its superuser logs in without a password on the socket, with it over TCP. */
export interface Cluster {
  readonly major: number;
  /** Client and server programs of the same major. */
  readonly binFolder: string;
  /** The client for people and scripts among them. */
  readonly psql: string;
  /** All that the cluster is; gone after `stop`. */
  readonly folder: string;
  /** The folder of the Unix socket, which libpq takes for a host. */
  readonly socketFolder: string;
  /** Of the socket, and of 127.0.0.1 with `tcp`. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Ends every session, stops the server and removes its folder. Later calls await the first. */
  stop(): Promise<void>;
}

/** Speed over durability: nothing in a throw-away cluster is worth waiting for a disk. */
export const throwAwaySettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
};

/** Its maintenance database, by the socket. */
export function endpointOfCluster({ socketFolder, port, user }: Cluster): PostgresEndpoint {
  return { host: socketFolder, port, database: 'postgres', user, sslmode: 'disable' };
}

const superuser = 'postgres';
const startLimitMs = 60_000;
/** The system's words for it in the server's log, which is in English. */
const takenPort = 'Address already in use';
/** Between two looks at the pid file, milliseconds. */
const lookMs = 5;
/** Another process may take a free port between its choice and the server's start. */
const portAttempts = 3;
/** Room for a socket's path on macOS, the smallest of the supported systems. */
const longestSocketPath = 103;

/**
 * Starts a throw-away Postgres cluster of this host's own installation, as an unprivileged user when this process is
 * root, in a new folder that nobody else can read. The cluster ends with its owner, also when that is killed.
 * @throws Failure `tool-missing` without an installation of the major; `cluster-start` with the server's own words.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const [installation, user] = await Promise.all([chooseServerInstallation(options.major), serverUser()]);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options, installation, user);
    } catch (error) {
      if (attempt === portAttempts || !isTakenPort(error)) throw error;
    }
  }
}

async function startOnce(
  options: ClusterOptions,
  installation: ServerInstallation,
  user: SystemUser | undefined,
): Promise<Cluster> {
  const port = options.tcp === true ? await freeLoopbackPort() : 5432;
  const password = randomBytes(18).toString('base64url');
  const folder = await makeFolder(options.parentFolder ?? tmpdir(), port, password, user);
  const { major, binFolder } = installation;
  const watchdog = startWatchdog({
    folder,
    binFolder,
    superuser,
    locale: options.locale ?? (process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'),
    serverArguments: serverArguments(folder, port, options),
    user,
  });
  const end = async (): Promise<void> => {
    await watchdog.end();
    // The server's user may not be allowed to remove a folder from its parent.
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(watchdog, folder, options.signal);
  } catch (error) {
    await end();
    throw error;
  }
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => (ended ??= end());
  const psql = join(binFolder, 'psql');
  return { major, binFolder, psql, folder, socketFolder: folder, port, user: superuser, password, stop };
}

async function makeFolder(
  parent: string,
  port: number,
  password: string,
  user: SystemUser | undefined,
): Promise<string> {
  const folder = await mkdtemp(join(parent, 'run-plan-postgres-'));
  const socket = join(folder, `.s.PGSQL.${port}`);
  if (Buffer.byteLength(socket) > longestSocketPath) {
    await rm(folder, { recursive: true });
    throw new Failure('cluster-start', `The folder ${parent} is too deep for a Postgres socket`, {
      hint: `A socket's path has at most ${longestSocketPath} bytes: set TMPDIR to a shorter one.`,
    });
  }
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) {
    await chown(passwordFile, user.uid, user.gid);
    await chown(folder, user.uid, user.gid);
  }
  return folder;
}

function serverArguments(folder: string, port: number, options: ClusterOptions): string[] {
  const settings = {
    ...throwAwaySettings,
    ...options.settings,
    unix_socket_directories: folder,
    listen_addresses: options.tcp === true ? '127.0.0.1' : '',
    port: String(port),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Waits until the server says in its own pid file that it takes connections, as pg_ctl does. */
async function untilReady(
  watchdog: Watchdog,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  const pidFile = join(folder, 'data', 'postmaster.pid');
  for (;;) {
    signal?.throwIfAborted();
    const text = await readFile(pidFile, 'utf8').catch(() => '');
    if (text.split('\n')[7]?.trim() === 'ready') return;
    const words = watchdog.lastWords();
    if (words !== undefined || performance.now() > deadline) {
      const reason = words ?? `no answer within ${startLimitMs / 1000} s`;
      throw new Failure(
        'cluster-start',
        `The throw-away Postgres cluster in ${folder} did not start: ${reason}`,
        {
          hint: 'Read what the server said; its folder needs room, and a parent folder that the server user can reach.',
          fields: {
            program: 'postgres',
            stderr: reason.split('\n'),
            ...(reason.includes(takenPort) && { errorName: 'EADDRINUSE' }),
          },
        },
      );
    }
    await delay(lookMs);
  }
}

function isTakenPort(error: unknown): boolean {
  return error instanceof Failure && error.fields.errorName === 'EADDRINUSE';
}

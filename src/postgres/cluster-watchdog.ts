import type { Socket } from 'node:net';
import { signalGroup } from '../process/process-groups.ts';
import { startGroup, type StartedGroup } from '../process/started-group.ts';
import type { SystemUser } from './server-user.ts';

/** How long a server may take to end, milliseconds; an immediate shutdown takes a tenth of a second. */
const endLimitMs = 10_000;

/**
 * The server's parent: a shell that makes the cluster, runs it, and removes it when its standard input ends, which
 * `stop` does on purpose and the kernel does however the owner dies. Arguments: folder, folder of the programs,
 * superuser, locale, then the server's own arguments.
 *
 * The reader sends SIGQUIT (Postgres's immediate shutdown) until the server is gone, because a shell starts background
 * commands with SIGQUIT ignored and the first one could come before the server has its handlers. It reads the saved
 * descriptor 3, because a background command's own standard input is /dev/null (dash, before any redirection).
 */
const script = `
folder=$1; bin=$2; superuser=$3; locale=$4; shift 4
umask 077; cd /
exec 3<&0 </dev/null
give_up() { tail -n 20 "$folder/log" >&2; rm -rf "$folder"; exit 1; }
"$bin/initdb" --pgdata="$folder/data" --username="$superuser" --pwfile="$folder/password" --auth-local=trust \\
  --auth-host=scram-sha-256 --encoding=UTF8 --locale="$locale" --no-sync 3<&- >>"$folder/log" 2>&1 || give_up
rm -f "$folder/password"
"$bin/postgres" -D "$folder/data" "$@" 3<&- >>"$folder/log" 2>&1 &
server=$!
{ read -r end <&3; while kill -QUIT "$server" 2>/dev/null; do sleep 0.1; done; } &
reader=$!
wait "$server" || code=$?
kill "$reader" 2>/dev/null
[ "\${code:-0}" = 0 ] || give_up
rm -rf "$folder"
`;

export interface WatchdogSettings {
  readonly folder: string;
  readonly binFolder: string;
  readonly superuser: string;
  readonly locale: string;
  readonly serverArguments: readonly string[];
  readonly user: SystemUser | undefined;
}

/** A shell that owns a server. */
export interface Watchdog {
  /** Undefined while it runs; afterwards the last lines of the server's log. */
  lastWords(): string | undefined;
  /** Ends the server and removes its folder; one that does not end is killed, and its folder stays. */
  end(): Promise<void>;
}

/**
 * Starts the shell in a session of its own, so that neither Ctrl-C nor a closed terminal reaches the server before its
 * owner has done with it. The shell does not keep this process alive.
 */
export function startWatchdog(settings: WatchdogSettings): Watchdog {
  const { folder, binFolder, superuser, locale, serverArguments, user } = settings;
  const group = startGroup(
    '/bin/sh',
    ['-c', script, 'run-plan-cluster', folder, binFolder, superuser, locale, ...serverArguments],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
      cwd: '/',
      inherited: {},
      environment: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      user,
      leavesGroup: true,
    },
  );
  const words = collect(group);
  const { child } = group;
  child.unref();
  return {
    lastWords: words,
    end: async () => {
      const { pid } = child;
      if (child.exitCode !== null || child.signalCode !== null || pid === undefined) return;
      child.ref();
      const limit = setTimeout(() => signalGroup(pid, 'SIGKILL'), endLimitMs);
      child.stdin?.end();
      await group.ended.catch(() => undefined);
      clearTimeout(limit);
    },
  };
}

function collect({ child, ended }: StartedGroup): () => string | undefined {
  let text = '';
  let isOver = false;
  const log = child.stderr as Socket;
  log.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4096)));
  child.once('close', () => (isOver = true));
  ended.catch((error: unknown) => {
    text = error instanceof Error ? error.message : String(error);
    isOver = true;
  });
  // A shell that is already gone is found by its exit, not by writing to it.
  child.stdin?.on('error', () => undefined);
  return () => (isOver ? text.trim() : undefined);
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../failure.ts';

/** A user of this host by its numbers, as `spawn` and `chown` want them. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** `postgres` is made by the packages; `nobody` exists everywhere. */
const unprivileged = ['postgres', 'nobody'];

/**
 * Who runs a throw-away server: nobody special (undefined: this process's own user) unless this process is root, whom
 * Postgres refuses.
 * @throws Failure `tool-missing` when root finds no unprivileged user on this host.
 */
export async function serverUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of unprivileged) {
    const [uid, gid] = await Promise.all([numberOf(name, '-u'), numberOf(name, '-g')]);
    if (uid !== undefined && gid !== undefined) return { name, uid, gid };
  }
  throw new Failure(
    'tool-missing',
    `No unprivileged user to run Postgres as (tried ${unprivileged.join(', ')})`,
    {
      hint: 'Postgres refuses to run as root: create the user postgres, or start run-plan as an ordinary user.',
    },
  );
}

async function numberOf(name: string, option: '-u' | '-g'): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)('id', [option, name]);
    // macOS has nobody as 4294967294, which setuid takes for -2.
    return Number(stdout.trim());
  } catch {
    return undefined;
  }
}

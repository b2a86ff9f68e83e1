import { Failure } from '../base/failure.ts';
import { askProgram } from '../process/ask.ts';

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
    const user = await findUser(name);
    if (user !== undefined) return user;
  }
  throw new Failure(
    'tool-missing',
    `No unprivileged user to run Postgres as (tried ${unprivileged.join(', ')})`,
    {
      hint: 'Postgres refuses to run as root: create the user postgres, or start run-plan as an ordinary user.',
    },
  );
}

/** Whatever keeps this host's users (files, a directory) is asked through `id`, once: `uid=105(postgres) gid=…`. */
async function findUser(name: string): Promise<SystemUser | undefined> {
  const { stdout } = await askProgram('id', [name], { inherited: process.env, environment: { LC_ALL: 'C' } });
  const [, uid, gid] = /^uid=(\d+)\S* gid=(\d+)/.exec(stdout.toString('utf8')) ?? [];
  // macOS has nobody as 4294967294, which setuid takes for -2.
  return uid === undefined || gid === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
}

import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { Failure } from '../base/failure.ts';

/** A Postgres server installed on this host, with `initdb` and `postgres` in its `binFolder`. */
export interface ServerInstallation {
  readonly major: number;
  readonly binFolder: string;
}

/** Where packages put one folder a major; `entry` finds the major in the folder's name. */
const layouts: readonly { readonly parent: string; readonly entry: RegExp; readonly bin: string }[] = [
  { parent: '/usr/lib/postgresql', entry: /^(\d+)$/, bin: 'bin' }, // Debian, Ubuntu
  { parent: '/usr', entry: /^pgsql-(\d+)$/, bin: 'bin' }, // PostgreSQL's own packages for Red Hat
  { parent: '/opt/homebrew/opt', entry: /^postgresql@(\d+)$/, bin: 'bin' }, // Homebrew on Apple silicon
  { parent: '/usr/local/opt', entry: /^postgresql@(\d+)$/, bin: 'bin' }, // Homebrew on Intel
  { parent: '/Library/PostgreSQL', entry: /^(\d+)$/, bin: 'bin' }, // EDB's installer
  { parent: '/Applications/Postgres.app/Contents/Versions', entry: /^(\d+)$/, bin: 'bin' },
];

/** Every Postgres server installed on this host, newest major first; folders with the client programs alone are left out. */
export async function findServerInstallations(): Promise<readonly ServerInstallation[]> {
  const complete: ServerInstallation[] = [];
  for (const installation of await findInstallationFolders()) {
    if (await hasServer(installation.binFolder)) complete.push(installation);
  }
  return complete.sort((left, right) => right.major - left.major);
}

/**
 * Every folder of a major that packages have made on this host, whether it holds a server, the clients or nothing; first
 * those of the operator's own folders, which `RUN_PLAN_POSTGRES` names as PATH does, each laid out as Debian's
 * `/usr/lib/postgresql`.
 */
export async function findInstallationFolders(): Promise<readonly ServerInstallation[]> {
  const named = (process.env['RUN_PLAN_POSTGRES'] ?? '').split(delimiter).filter(isAbsolute);
  const own = named.map((parent) => ({ parent, entry: /^(\d+)$/, bin: 'bin' }));
  return (await Promise.all([...own, ...layouts].map(candidatesOf))).flat();
}

/**
 * The installation of `major`, or the newest one when no major is asked for.
 * @throws Failure `tool-missing` naming the majors that are installed.
 */
export async function chooseServerInstallation(major?: number): Promise<ServerInstallation> {
  const installations = await findServerInstallations();
  const chosen =
    major === undefined
      ? installations[0]
      : installations.find((installation) => installation.major === major);
  if (chosen !== undefined) return chosen;
  const wanted = major === undefined ? 'No Postgres server' : `No Postgres server of major ${major}`;
  const found = installations.map((installation) => installation.major).join(', ');
  throw new Failure(
    'tool-missing',
    `${wanted} is installed on this host (${found === '' ? 'none' : `found ${found}`})`,
    {
      hint: `Install it: apt-get install postgresql${major === undefined ? '' : `-${major}`}, or brew install postgresql@${major ?? 17}.`,
    },
  );
}

async function candidatesOf(layout: (typeof layouts)[number]): Promise<ServerInstallation[]> {
  const names = await readdir(layout.parent).catch(() => []);
  return names.flatMap((name) => {
    const major = layout.entry.exec(name)?.[1];
    return major === undefined
      ? []
      : [{ major: Number(major), binFolder: join(layout.parent, name, layout.bin) }];
  });
}

async function hasServer(binFolder: string): Promise<boolean> {
  try {
    await Promise.all(
      ['initdb', 'postgres'].map((program) => access(join(binFolder, program), constants.X_OK)),
    );
    return true;
  } catch {
    return false;
  }
}

import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../base/failure.ts';

/** Who runs this process. */
export interface Account {
  readonly uid: number;
}

const groupWrites = 0o020;
const othersWrite = 0o002;

/**
 * Refuses a file that somebody else than the account, or root, may write or put in its place: plans and tasks run as the
 * account, so that whoever writes them is the account. A file that does not exist is nobody's.
 *
 * Unlike git, not those of the user behind sudo either: a rule of sudoers that allows run-plan alone would allow everything.
 * @throws Failure `not-trusted` naming the path, its owner and how to allow it
 */
export async function requireOwnFile(path: string, account = thisAccount()): Promise<void> {
  const target = await realpath(path).catch(() => undefined);
  if (account === undefined || target === undefined) return;
  for (const each of new Set([target, dirname(target), dirname(path)])) await requireOwn(each, path, account);
}

/** The same for a folder and the files in it. @throws Failure `not-trusted` */
export async function requireOwnFolder(path: string, account = thisAccount()): Promise<void> {
  if (account === undefined) return;
  await requireOwn(path, path, account);
  const names = await readdir(path).catch(() => []);
  for (const name of names.filter((each) => /\.(?:ya?ml|[mc]?[jt]s|json)$/.test(each)))
    await requireOwnFile(join(path, name), account);
}

/** Absent where there are no such accounts. */
function thisAccount(): Account | undefined {
  const uid = process.geteuid?.();
  return uid === undefined ? undefined : { uid };
}

async function requireOwn(path: string, wanted: string, { uid }: Account): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  const why = await weakness(found, uid);
  if (why === undefined) return;
  throw new Failure(
    'not-trusted',
    `${wanted} is not used: ${path} ${why}, and run-plan runs as ${await userName(uid)}`,
    {
      hint: `if you trust it, name the settings yourself: --config FILE or RUN_PLAN_CONFIG; otherwise let ${path} belong to you and be writable for nobody else (chown, chmod go-w)`,
      where: path,
      fields: { object: path },
    },
  );
}

async function weakness(
  found: { readonly uid: number; readonly gid: number; readonly mode: number },
  uid: number,
): Promise<string | undefined> {
  const belongs = async (): Promise<string> => `belongs to ${await userName(found.uid)}`;
  if (found.uid !== uid && found.uid !== 0) return belongs();
  if ((found.mode & othersWrite) !== 0) return `${await belongs()} and may be written by everybody`;
  if ((found.mode & groupWrites) === 0 || (await isPrivate(found.gid, found.uid))) return undefined;
  return `${await belongs()} and may be written by the group ${await groupName(found.gid)}`;
}

/** Whether a group is its user's own, as most systems make one for each user, and has nobody else in it. */
async function isPrivate(gid: number, uid: number): Promise<boolean> {
  const [name, , , members = ''] = await lineOf('/etc/group', gid);
  const owner = await userName(uid);
  return name === owner && members.split(',').every((member) => member === '' || member === owner);
}

async function userName(uid: number): Promise<string> {
  const [name = `the user ${String(uid)}`] = await lineOf('/etc/passwd', uid);
  return name;
}

async function groupName(gid: number): Promise<string> {
  const [name = String(gid)] = await lineOf('/etc/group', gid);
  return name;
}

/** The line of an id in one of the system's two tables, which have it third; none for accounts of a directory service. */
async function lineOf(table: string, id: number): Promise<readonly string[]> {
  const text = await readFile(table, 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.split(':'));
  return lines.find(([, , found]) => found === String(id)) ?? [];
}

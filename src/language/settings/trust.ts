import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
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
export function requireOwnFile(path: string, account = thisAccount()): void {
  requireOwnPaths(path, account, new Set());
}

/** @param judged what was found to be the account's own already; what is found now comes to it */
function requireOwnPaths(path: string, account: Account | undefined, judged: Set<string>): void {
  const target = orNone(() => realpathSync.native(path));
  if (account === undefined || target === undefined) return;
  for (const each of [target, dirname(target), dirname(path)]) {
    if (judged.has(each)) continue;
    requireOwn(each, path, account);
    judged.add(each);
  }
}

/** The same for a folder and the files in it. @throws Failure `not-trusted` */
export function requireOwnFolder(path: string, account = thisAccount()): void {
  if (account === undefined) return;
  requireOwn(path, path, account);
  const names = orNone(() => readdirSync(path)) ?? [];
  const judged = new Set([path]);
  for (const name of names.filter((each) => /\.(?:ya?ml|[mc]?[jt]s|json)$/.test(each)))
    requireOwnPaths(join(path, name), account, judged);
}

/** What the system gives, or nothing where it refuses. */
function orNone<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** Absent where there are no such accounts. */
function thisAccount(): Account | undefined {
  const uid = process.geteuid?.();
  return uid === undefined ? undefined : { uid };
}

function requireOwn(path: string, wanted: string, { uid }: Account): void {
  const found = orNone(() => statSync(path));
  if (found === undefined) return;
  const why = weakness(found, uid);
  if (why === undefined) return;
  throw new Failure(
    'not-trusted',
    `${wanted} is not used: ${path === wanted ? 'it' : path} ${why}, and run-plan runs as ${userName(uid)}`,
    {
      hint: `if you trust it, name the settings yourself: --config FILE or RUN_PLAN_CONFIG; otherwise let ${path} belong to you and be writable for nobody else (chown, chmod go-w)`,
      where: path,
      fields: { object: path },
    },
  );
}

function weakness(
  found: { readonly uid: number; readonly gid: number; readonly mode: number },
  uid: number,
): string | undefined {
  const belongs = (): string => `belongs to ${userName(found.uid)}`;
  if (found.uid !== uid && found.uid !== 0) return belongs();
  if ((found.mode & othersWrite) !== 0) return `${belongs()} and may be written by everybody`;
  if ((found.mode & groupWrites) === 0 || isPrivate(found.gid, found.uid)) return undefined;
  return `${belongs()} and may be written by the group ${groupName(found.gid)}`;
}

/** Whether a group is its user's own, as most systems make one for each user, and has nobody else in it. */
function isPrivate(gid: number, uid: number): boolean {
  const [name, , , members = ''] = lineOf('/etc/group', gid);
  const owner = userName(uid);
  return name === owner && members.split(',').every((member) => member === '' || member === owner);
}

function userName(uid: number): string {
  const [name = `the user ${String(uid)}`] = lineOf('/etc/passwd', uid);
  return name;
}

function groupName(gid: number): string {
  const [name = String(gid)] = lineOf('/etc/group', gid);
  return name;
}

/** The line of an id in one of the system's two tables, which have it third; none for accounts of a directory service. */
function lineOf(table: string, id: number): readonly string[] {
  const text = orNone(() => readFileSync(table, 'utf8')) ?? '';
  const lines = text.split('\n').map((line) => line.split(':'));
  return lines.find(([, , found]) => found === String(id)) ?? [];
}

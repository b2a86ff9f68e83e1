import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createWriteStream } from 'node:fs';
import { Failure } from '../base/failure.ts';
import type { Session } from '../postgres/connect.ts';
import { quoteIdentifier } from '../postgres/identifier.ts';
import { hintFor } from '../postgres/restore-failure.ts';
import type { SetAsideMessage } from '../postgres/restore-messages.ts';
import type { Stage } from '../process/commands.ts';
import { names } from './accepted.ts';
import { runPass, type Load } from './load.ts';
import {
  everySchema,
  firstEntriesBytes,
  keepingSearchPath,
  withSearchPath,
} from '../postgres/search-path.ts';

/** An object of the dump that the target does not hold, and why. */
export interface LeftObject {
  /** The entry of the table of contents: kind, schema, name, owner. */
  readonly object: string;
  readonly statement: string;
  readonly message: string;
}

/** What is tried again. */
export interface Attempt {
  /** A file of dump ids for pg_restore. */
  readonly list: string;
  readonly ids: ReadonlySet<string>;
  /** Rows of a table are among it. */
  readonly hasRows: boolean;
}

/** How a source is read once more, for some of its entries. */
export type ReadAgain = (load: Load, attempt: Attempt) => Promise<void>;

/**
 * Tries what pg_restore set aside once more, by one process, alone, and with a search path by which functions find what
 * they name without its schema; and again as long as that mends some, because one may need another.
 * @returns what is left, and whether anything was tried. @throws Failure of the restore; the signal's reason
 */
export async function tryAgain(
  load: Load,
  session: Session,
  readAgain: ReadAgain,
): Promise<{ readonly left: readonly LeftObject[]; readonly isTried: boolean }> {
  let failed = load.setAside.splice(0);
  const isTried = failed.length > 0;
  for (let before = Infinity; failed.length > 0 && failed.length < before;) {
    before = failed.length;
    load.onPhase(`trying ${failed.length} objects once more`);
    const end = load.timeline.begin('once more');
    try {
      failed = await tryOnce(load, session, readAgain, failed);
    } finally {
      end();
    }
  }
  if (isTried && failed.length === 0) await load.onLoaded();
  const left = failed.map(({ id, object, statement, message }) => ({
    object: load.listing.words.get(id) ?? object,
    statement,
    message,
  }));
  return { left, isTried };
}

async function tryOnce(
  load: Load,
  session: Session,
  readAgain: ReadAgain,
  failed: readonly SetAsideMessage[],
): Promise<SetAsideMessage[]> {
  const ids = new Set(failed.flatMap(({ told }) => told));
  const list = join(load.folder, 'once-more.list');
  const inOrder = load.listing.ids.filter((id) => ids.has(id));
  await writeFile(list, inOrder.map((id) => `${id};\n`).join(''));
  const path = await everySchema(session);
  // What is done in it from here on, such as gathering statistics, calls the same functions.
  await session.query(`select pg_catalog.set_config('search_path', $1, false)`, [path]);
  const environment = withSearchPath(load.command.environment, path);
  const setAside: SetAsideMessage[] = [];
  const again: Load = {
    ...load,
    jobs: 1,
    // What it failed to make is not there to be dropped.
    command: { ...load.command, environment, clean: false },
    onBytes: () => undefined,
    harmless: [],
    setAside,
  };
  const tables = inOrder.flatMap((id) => load.listing.tables.get(id)?.words ?? []);
  const hasRows = tables.length > 0;
  const attempt = { list, ids, hasRows };
  if (hasRows) await withoutTriggers(session, tables, () => readAgain(again, attempt));
  else await readAgain(again, attempt);
  return setAside;
}

/**
 * Rows come before triggers in a dump; now the triggers are there already, and must not fire for them. Those of other
 * tables stay as they are.
 * @param tables as the list has them: `schema name owner`
 */
async function withoutTriggers(
  session: Session,
  tables: readonly string[],
  action: () => Promise<void>,
): Promise<void> {
  const all = await session.query<{ words: string; table: string; name: string; state: string }>(
    `select n.nspname || ' ' || c.relname || ' ' as words, format('%I.%I', n.nspname, c.relname) as "table",
            t.tgname as name, t.tgenabled as state
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where not t.tgisinternal and t.tgenabled <> 'D' and c.relkind in ('r', 'p')
      order by t.tgparentid <> 0, t.oid`,
    [],
    'listing triggers',
  );
  const triggers = all.filter(({ words }) => tables.some((table) => table.startsWith(words)));
  const turn = async (words: (state: string) => string): Promise<void> => {
    for (const { table, name, state } of triggers)
      await session.query(`alter table only ${table} ${words(state)} trigger ${quoteIdentifier(name)}`);
  };
  const enabling: Readonly<Record<string, string>> = { A: 'enable always', R: 'enable replica' };
  await turn(() => 'disable');
  try {
    await action();
  } finally {
    await turn((state) => enabling[state] ?? 'enable');
  }
}

/** Becomes a dump whose first bytes are those of a file. */
const otherBeginning = 'cat "$1" && exec tail -c "+$2"';

/** Entries of a dump in one file, or of its beginning where that is enough. */
export async function streamAgain(
  load: Load,
  { list }: Attempt,
  dump: {
    readonly format: 'custom' | 'tar';
    readonly input: Readable;
    readonly unpack: readonly Stage[];
    /** A file that begins as the dump does, decompressed. */
    readonly head: string;
  },
): Promise<void> {
  const beginning = join(load.folder, 'beginning');
  const bytes = await keepingSearchPath(dump.head);
  await writeFile(beginning, bytes);
  // The file holds no more than the list needed, which may be less than was asked for and than the dump has.
  const words = ['-c', otherBeginning, 'sh', beginning, String(bytes.length + 1)];
  await runPass(
    load,
    { format: dump.format, jobs: 1, list },
    { input: dump.input, before: [...dump.unpack, { program: 'sh', arguments: words }] },
  );
}

/** Entries of a dump in a folder. `fetch` brings a file that is not there. */
export async function directoryAgain(
  load: Load,
  { list, ids }: Attempt,
  path: string,
  fetch: ReadonlyMap<string, (path: string) => Promise<void>>,
): Promise<void> {
  const folder = join(load.folder, 'once-more');
  await mkdir(folder, { mode: 0o700, recursive: true });
  const present = new Set(await readdir(folder));
  await writeFile(join(folder, 'toc.dat'), await keepingSearchPath(join(path, 'toc.dat')));
  await pipeline(
    createReadStream(join(path, 'toc.dat'), { start: firstEntriesBytes }),
    createWriteStream(join(folder, 'toc.dat'), { flags: 'a' }),
  );
  for (const name of await readdir(path)) {
    if (name === 'toc.dat' || present.has(name) || fetch.has(name.replace(/\.dat$/, ''))) continue;
    await symlink(join(path, name), join(folder, name));
  }
  for (const [id, bring] of fetch) {
    const name = `${id}.dat`;
    if (ids.has(id) && !present.has(name)) await bring(join(folder, name));
  }
  await runPass(load, { from: folder, format: 'directory', jobs: 1, list });
}

/** Objects named one by one; of very many, the record and this say how many more there are. */
const mostNamed = 100;

/**
 * Everything but these objects is there. `partial`: what the artifact lacks on purpose, in words.
 * @throws Failure `restore-incomplete` when some of them are not accepted
 */
export function checkLeft(
  left: readonly LeftObject[],
  accept: readonly string[],
  database: string,
  partial?: string,
): void {
  const refused = left.filter(({ object }) => !accept.some((words) => names(words, object)));
  const [first] = refused;
  if (first === undefined) return;
  const told = refused.slice(0, mostNamed).map(describeLeft);
  const more = refused.length > mostNamed ? [`and ${refused.length - mostNamed} more`] : [];
  throw new Failure(
    'restore-incomplete',
    [
      `${database} is incomplete: everything is there but ${refused.length === 1 ? 'one object' : `${refused.length} objects`}`,
      ...(partial === undefined ? [] : [`the artifact is ${partial}`]),
      ...told,
      ...more,
    ].join('\n'),
    {
      where: first.object,
      hint:
        (partial === undefined ? hintFor(first.message) : partialHint) ??
        "Make it in the database by hand, mend the source (a function that names things without their schema gets 'set search_path'), or name it in 'accept' (--accept).",
      fields: { object: first.object },
      facts: { incomplete: refused.slice(0, mostNamed) },
    },
  );
}

const partialHint =
  "What needs rows or tables that are not in a partial artifact cannot be made: name it in 'accept' (--accept), or restore a whole one.";

/** An object with its cause and statement, for a person. */
export function describeLeft({ object, message, statement }: LeftObject): string {
  return `${object}: ${message}${statement === '' ? '' : `\n  statement: ${statement}`}`;
}

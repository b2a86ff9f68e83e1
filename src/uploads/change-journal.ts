import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../failure.ts';
import type { BegunChange, Change } from './change.ts';
import { findUnfinished, headerFile, type ChangeHeader } from './unfinished-changes.ts';

export const changesFile = 'changes.ndjson';
export const journalFile = 'journal.ndjson';

/**
 * What a restore of uploads notes as it goes, so that a kill at any moment leaves no change that nobody knows of: a line
 * before a key is changed, and one after it.
 */
export interface ChangeJournal {
  /** How many changes an earlier, unfinished run for the same instant had made: this report begins with them. */
  readonly continued: number;
  /** What it had begun, and nobody knows whether it was done: no more than were under way at once. */
  readonly begun: readonly BegunChange[];
  begin(change: BegunChange): Promise<void>;
  done(change: Change): Promise<void>;
  /** The change was refused and has not happened. */
  notDone(key: string): Promise<void>;
  /** Writes the report, one line a change, and gives its path. `whole`: nothing is left to do for another run. */
  finish(whole: boolean): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens the journal of a step in its kept folder. What a run that was killed had done for the same bucket and instant is
 * taken over, so that this run's report names every change and undoing it undoes both.
 */
export async function openChangeJournal(folder: string, header: ChangeHeader): Promise<ChangeJournal> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, journalFile);
  const unfinished = await findUnfinished(folder, header);
  await writeHeader(folder, { ...header, state: 'unfinished' });
  const file = await openAppending(path);
  let continued = 0;
  const begun: BegunChange[] = [];
  for (const other of unfinished) {
    for await (const change of readChanges(join(other, journalFile))) {
      if (change.made === undefined) begun.push(change);
      else continued += 1;
      if (other !== folder) await file.appendFile(lineOf(change));
    }
    if (other !== folder) await writeHeader(other, { ...header, state: 'continued' });
  }
  return {
    begun,
    continued,
    begin: (change) => file.appendFile(lineOf(change)),
    done: (change) => file.appendFile(lineOf(change)),
    notDone: (key) => file.appendFile(`${JSON.stringify({ key, action: 'none' })}\n`),
    finish: async (whole) => {
      const report = join(folder, changesFile);
      await pipeline(Readable.from(reportLines(path)), createWriteStream(report, { mode: 0o600 }));
      if (whole) {
        await writeHeader(folder, { ...header, state: 'finished' });
        await rm(path, { force: true });
      }
      return report;
    },
    close: () => file.close(),
  };
}

/** A kill may have torn the last line: the next one must not be glued to it. */
async function openAppending(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  if (size === 0) return file;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer.toString('latin1') !== '\n') await file.appendFile('\n');
  return file;
}

async function writeHeader(folder: string, header: ChangeHeader & { readonly state: string }): Promise<void> {
  await writeFile(join(folder, headerFile), `${JSON.stringify(header)}\n`, { mode: 0o600 });
}

/** A change that was begun reads `begun` for its action, and what it was to become beside it. */
function lineOf(change: Change | BegunChange): string {
  const line = change.made === undefined ? { ...change, action: 'begun', intended: change.action } : change;
  return `${JSON.stringify(line)}\n`;
}

async function* reportLines(path: string): AsyncGenerator<string> {
  for await (const change of readChanges(path)) if (change.made !== undefined) yield lineOf(change);
}

/**
 * The changes of a report or a journal in their order, and last those that were begun and perhaps done: no more of them
 * than were under way at once. A torn line is passed over, because its change had not begun, or is known as begun.
 */
export async function* readChanges(path: string): AsyncGenerator<Change | BegunChange> {
  const begun = new Map<string, BegunChange>();
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const line = parseLine(text);
    if (line === undefined) continue;
    if (line.action === 'begun') begun.set(line.key, { ...line, action: line.intended });
    else {
      begun.delete(line.key);
      if (line.action !== 'none') yield line;
    }
  }
  yield* begun.values();
}

type Line =
  | Change
  | { readonly key: string; readonly action: 'none' }
  | (Omit<BegunChange, 'action'> & { readonly action: 'begun'; readonly intended: Change['action'] });

function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as Line | null;
    return typeof value?.key === 'string' && typeof value.action === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The header that lies beside a report. @throws Failure `usage` when it is no report of an uploads-restore */
export async function readHeader(folder: string): Promise<ChangeHeader> {
  try {
    return JSON.parse(await readFile(join(folder, headerFile), 'utf8')) as ChangeHeader;
  } catch (error) {
    throw new Failure('usage', `${folder} holds no report of an uploads-restore`, {
      hint: 'Say the id of the run that is to be undone, or the path of its changes.ndjson.',
      cause: error,
    });
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

import { copyFile, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { BegunChange, Change } from './change.ts';
import { lineOf, readChanges, undoneLine } from './change-lines.ts';
import { writeReport } from './change-report.ts';
import {
  endUnfinished,
  findUnfinished,
  markUnfinished,
  writeHeader,
  type ChangeHeader,
} from './unfinished-changes.ts';

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
  /** Writes the report, one line a change, and gives its path. */
  finish(how: FinishedHow): Promise<string>;
  close(): Promise<void>;
}

export interface FinishedHow {
  /** Nothing is left to do: otherwise the next run for the same instant, or attempt of this step, goes on from here. */
  readonly whole: boolean;
  /** A file with lines of `key` and `made`: ids that the store did not tell when the change was made. */
  readonly made?: string | undefined;
}

/**
 * Opens the journal of a step in its kept folder. What a run that was killed had done for the same bucket and instant is
 * taken over, so that this run's report names every change and undoing it undoes both.
 */
export async function openChangeJournal(folder: string, header: ChangeHeader): Promise<ChangeJournal> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, journalFile);
  const unfinished = await findUnfinished(folder, header);
  await writeHeader(folder, header);
  await markUnfinished(folder);
  const file = await openAppending(path);
  let continued = 0;
  const begun: BegunChange[] = [];
  for (const other of unfinished) {
    for await (const change of readChanges(join(other, journalFile))) {
      if (change.made === undefined) begun.push(change);
      else continued += 1;
      if (other !== folder) await file.appendFile(lineOf(change));
    }
    if (other !== folder) await endUnfinished(other);
  }
  return {
    begun,
    continued,
    begin: (change) => file.appendFile(lineOf(change)),
    done: (change) => file.appendFile(lineOf(change)),
    notDone: (key) => file.appendFile(undoneLine(key)),
    finish: async ({ whole, made }) => {
      const report = join(folder, changesFile);
      await writeReport(path, report, made);
      if (whole) {
        await endUnfinished(folder);
        await rm(path, { force: true });
      } else {
        // Whoever goes on finds what the report knows.
        await copyFile(report, `${path}.new`);
        await rename(`${path}.new`, path);
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

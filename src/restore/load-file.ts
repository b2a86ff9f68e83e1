import { createReadStream } from 'node:fs';
import { eachLine } from '../artifact/read-back.ts';
import { Failure } from '../base/failure.ts';
import { createRestoreProgress, describeLoaded } from '../postgres/restore-progress.ts';
import type { Commands, Stage } from '../process/commands.ts';
import { asUnusable, type DumpFile } from './dump-file.ts';
import { loadStream } from './load-stream.ts';
import { loadText } from './load-text.ts';
import { runPass, type Load } from './load.ts';

/**
 * Restores a dump that lies on this host: in place where pg_restore can read it so, otherwise as a stream.
 * @throws Failure of the restore; `dump-unusable` for one that cannot be decompressed; the signal's reason
 */
export async function loadFile(load: Load, file: DumpFile, head: string): Promise<void> {
  try {
    await loadByFormat(load, file, head);
  } catch (error) {
    load.signal.throwIfAborted();
    throw asUnusable(file.path, error);
  }
}

async function loadByFormat(load: Load, file: DumpFile, head: string): Promise<void> {
  if (file.format === 'sql') {
    await load.timeline.during('restore', () =>
      loadText(
        load,
        { stages: [...file.unpack, withoutNewSettings], input: createReadStream(file.path) },
        load.signal,
      ),
    );
    return;
  }
  if (file.unpack.length > 0 && file.format === 'custom') {
    await loadStream(load, {
      open: () => createReadStream(file.path),
      bytes: file.bytes,
      unpack: file.unpack,
      head,
    });
    return;
  }
  const progress = createRestoreProgress({
    onLoaded: (loaded) => {
      load.onPhase(describeLoaded(loaded, load.listing));
    },
    onLater: (what, count) => {
      load.onPhase(`building ${what} (${count} of ${load.listing.laterEntries})`);
    },
  });
  const jobs = file.format === 'tar' ? 1 : load.jobs;
  const pass = { format: file.format, jobs } as const;
  await load.timeline.during('restore', () =>
    file.unpack.length > 0
      ? runPass(load, pass, { input: createReadStream(file.path), before: file.unpack, progress })
      : runPass(load, { ...pass, from: file.path }, { progress }),
  );
}

/**
 * The head of a text that a newer pg_dump has written for an older server sets what that does not know, at which psql
 * would end. The restore's own session has lifted every limit.
 */
const withoutNewSettings: Stage = {
  program: 'sed',
  arguments: ['-e', '1,40{/^SET transaction_timeout = 0;$/d;}'],
  environment: { LC_ALL: 'C' },
};

/** What makes or changes databases in a text dump (pg_dump --create and pg_dumpall write it), and its first and last words. */
const tellingPattern = String.raw`^(CREATE DATABASE |\\c(onnect)? |-- PostgreSQL database (cluster )?dump( complete)?$)`;

/**
 * The first line of a text dump that would make a database or go into another one; undefined when there is none.
 * @throws Failure `dump-unusable` when it does not end as pg_dump ends one: psql takes a cut-off text for a whole one
 */
export async function findCreatingText(file: DumpFile, commands: Commands): Promise<string | undefined> {
  const pipe = commands.pipe([
    { program: 'cat', arguments: [file.path] },
    ...file.unpack,
    { program: 'grep', arguments: ['--text', '--extended-regexp', tellingPattern], tolerate: [1] },
  ]);
  const told: { creates?: string; begun?: string; isComplete: boolean } = { isComplete: false };
  const look = (line: string): void => {
    if (!line.startsWith('-- ')) told.creates ??= line.slice(0, 100);
    else if (line.endsWith(' complete')) told.isComplete ||= line === `${told.begun ?? ''} complete`;
    else told.begun ??= line;
  };
  try {
    await Promise.all([pipe.done, eachLine(pipe.output, look)]);
  } catch (error) {
    throw asUnusable(file.path, error);
  }
  if (told.begun === undefined || told.isComplete) return told.creates;
  throw new Failure('dump-unusable', `${file.path} is cut off: it does not end as pg_dump ends a dump`, {
    where: file.path,
    hint: 'Copy it again from where it came, or make it again.',
  });
}

/** Loading a text dump needs psql, and its selection is not pg_restore's to make. @throws Failure `usage` */
export function checkTextSelection(file: DumpFile, load: Pick<Load['command'], 'selection' | 'clean'>): void {
  const { contents, schemas, tables } = load.selection;
  if (file.format !== 'sql' || (contents === 'all' && schemas.length + tables.length === 0 && !load.clean))
    return;
  throw new Failure('usage', `${file.path} is SQL text, of which no part can be chosen or replaced`, {
    hint: "Leave out 'only', 'schema-only', 'data-only' and 'replace', or dump in the custom format.",
  });
}

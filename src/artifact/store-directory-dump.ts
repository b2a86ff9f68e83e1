import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listStage } from '../postgres/restore-command.ts';
import { startDirectoryDump, type FinishedTable } from '../postgres/directory-dump.ts';
import { largeObjectsStage, type DumpCommand } from '../postgres/dump-command.ts';
import type { ManifestFile } from './manifest.ts';
import {
  dataSuffix,
  killOnAbort,
  packingStages,
  storeCustomFormat,
  type DumpStorage,
  type StoredDump,
} from './store-dump.ts';
import { storePipe } from './stored-pipe.ts';
import { forEachOf, together } from '../base/waiting.ts';

/** A table from this size on, bytes before compression, is a file of its own; the others travel together. */
export const separateTableBytes = 4 * 1024 * 1024;

/** Files stored at a time: one compresses while another waits for the store. */
export const uploadsAtATime = 2;

/**
 * Dumps `jobs` tables at a time into a scratch folder, and stores and removes each large table as soon as pg_dump has
 * finished it, so that the folder holds little more than what is being written. Small tables and the table of contents
 * follow in one tar, once pg_restore has read the contents. Large objects are a dump of their own, made at the same
 * time from the same snapshot and never on a disk: pg_dump would write a file for each of them.
 * @throws Failure `command-failed`, `dump-unusable`, `repository-*`; the signal's reason.
 */
export async function storeDirectoryDump(
  command: DumpCommand,
  jobs: number,
  storage: DumpStorage,
): Promise<StoredDump> {
  const key = `${storage.name}.dump.d`;
  const [ofTables, ofObjects] = sharedProgress(storage.onProgress);
  const [tables, objects] = await together(
    storage.signal,
    (signal) => storeTables(command, jobs, key, { ...storage, signal, onProgress: ofTables }),
    (signal) => storeLargeObjects(command, key, { ...storage, signal, onProgress: ofObjects }),
  );
  return { key, rawBytes: objects === null ? null : tables + objects };
}

/** Bytes before compression; none when there are no large objects, null when it was not measured. */
async function storeLargeObjects(
  command: DumpCommand,
  key: string,
  storage: DumpStorage,
): Promise<number | null> {
  if (!command.largeObjects) return 0;
  const file = { key: `${key}/large-objects.dump${dataSuffix(storage)}`, role: 'large-objects' } as const;
  return (await storeCustomFormat(command, largeObjectsStage(command), file, storage)).rawBytes;
}

/** Bytes before compression. */
async function storeTables(
  command: DumpCommand,
  jobs: number,
  key: string,
  storage: DumpStorage,
): Promise<number> {
  const { commands, signal } = storage;
  const folder = join(storage.folder, 'dump');
  const store = storeFiles(storage, key);
  let rawBytes = 0;
  const dump = startDirectoryDump(commands, command, { folder, jobs });
  const forget = killOnAbort(dump, signal);
  try {
    const handle = async (table: FinishedTable): Promise<void> => {
      if (table.bytes < separateTableBytes) return;
      await store({ name: `${table.dumpId}.dat`, role: 'table' }, ['cat', table.path], table.bytes);
      await unlink(table.path);
      rawBytes += table.bytes;
    };
    await forEachOf(dump.finished, { atOnce: uploadsAtATime, signal }, (table) =>
      handle(table).catch(async (error: unknown) => {
        // Ends pg_dump, and with it the wait for its next table.
        await dump.kill();
        throw error;
      }),
    );
    const list = listStage(command.tools.pgRestore, [`--file=${join(storage.folder, 'contents')}`, folder]);
    await commands.run(list.program, list.arguments, { environment: list.environment ?? {} });
    rawBytes += await folderBytes(folder);
    const tar = [
      'tar',
      '--create',
      '--file=-',
      '--sort=name',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '.',
    ];
    await store({ name: 'rest.tar', role: 'rest' }, tar, rawBytes, folder);
    return rawBytes;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    forget();
    await dump.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Two parts of one progress, each telling the bytes that it has stored so far. */
function sharedProgress(
  tell: (bytes: number) => void,
): readonly [(bytes: number) => void, (bytes: number) => void] {
  const parts: [number, number] = [0, 0];
  const part = (index: 0 | 1) => (bytes: number) => {
    parts[index] = bytes;
    tell(parts[0] + parts[1]);
  };
  return [part(0), part(1)];
}

type StoreFile = (
  file: { readonly name: string; readonly role: ManifestFile['role'] },
  producer: readonly string[],
  expectedBytes: number,
  cwd?: string,
) => Promise<void>;

/** Stores files below one key, and tells the sum of what all of them have stored so far. */
function storeFiles(storage: DumpStorage, key: string): StoreFile {
  const stored = new Map<string, number>();
  return async (file, [program = '', ...producerArguments], expectedBytes, cwd) => {
    const fileKey = `${key}/${file.name}${dataSuffix(storage)}`;
    const pipe = storage.commands.pipe(
      [{ program, arguments: producerArguments }, ...packingStages(storage)],
      cwd === undefined ? {} : { cwd },
    );
    const forget = killOnAbort(pipe, storage.signal);
    try {
      const done = await storePipe(storage.repository, { key: fileKey, role: file.role }, pipe, {
        signal: storage.signal,
        expectedBytes,
        tags: storage.tags,
        onProgress: (bytes) => {
          stored.set(fileKey, bytes);
          storage.onProgress([...stored.values()].reduce((sum, each) => sum + each, 0));
        },
      });
      storage.onStored(done);
    } finally {
      forget();
    }
  };
}

/** One after the other, because there may be a hundred thousand tables. */
async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const name of await readdir(folder)) sum += (await stat(join(folder, name))).size;
  return sum;
}

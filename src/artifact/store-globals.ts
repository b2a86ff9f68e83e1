import { Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';
import { globalsStage, globalsTrailer, type GlobalsCommand } from '../postgres/dump-command.ts';
import { encryptionStage, encryptionSuffix } from './encryption.ts';
import type { ManifestFile } from './manifest.ts';
import { killOnAbort, type DumpStorage } from './store-dump.ts';
import { storePipe } from './stored-pipe.ts';

/** Far more than the roles of any cluster take; the text is held in memory to see its end before it is stored. */
const globalsBytesLimit = 64 * 1024 * 1024;

/**
 * Stores roles and tablespaces as SQL, without passwords, beside the dump.
 * @throws Failure `command-failed`, `dump-unusable` when the text is not complete, `repository-*`.
 */
export async function storeGlobals(command: GlobalsCommand, storage: DumpStorage): Promise<ManifestFile> {
  const text = await readGlobals(command, storage);
  const { encryption, signal } = storage;
  const key = `${storage.name}.globals.sql${encryptionSuffix(encryption)}`;
  const pipe = storage.commands.pipe(
    [encryption === undefined ? { program: 'cat', arguments: [] } : encryptionStage(encryption)],
    { input: Readable.from([text]) },
  );
  const file = await storePipe(storage.repository, { key, role: 'globals' }, pipe, { signal });
  storage.onStored(file);
  return file;
}

async function readGlobals(command: GlobalsCommand, storage: DumpStorage): Promise<Buffer> {
  const pipe = storage.commands.pipe([globalsStage(command)]);
  const forget = killOnAbort(pipe, storage.signal);
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of pipe.output as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > globalsBytesLimit) throw unusable('wrote more than 64 MiB');
    }
    await pipe.done;
    const text = Buffer.concat(chunks);
    if (!text.includes(globalsTrailer)) throw unusable('broke off although it said that all went well');
    return text;
  } finally {
    forget();
    await pipe.kill();
  }
}

function unusable(what: string): Failure {
  return new Failure('dump-unusable', `pg_dumpall ${what}`, {
    hint: 'Run pg_dumpall --globals-only by hand and look at its output.',
  });
}

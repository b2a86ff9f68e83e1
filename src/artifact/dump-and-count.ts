import { applicationName } from '../postgres/application-name.ts';
import {
  type DumpCommand,
  globalsStage,
  globalsTrailer,
  type GlobalsCommand,
} from '../postgres/dump-command.ts';
import type { DumpSource } from '../postgres/dump-source.ts';
import { lockedTables, takeFingerprint, type Fingerprint } from '../postgres/fingerprint.ts';
import { programEnvironment } from '../postgres/program.ts';
import { lockTables, takeSnapshot, type Snapshot } from '../postgres/snapshot.ts';
import type { TaskContext } from '../task/contract.ts';
import type { FinishedDump } from './dump-manifest.ts';
import type { DumpSettings } from './dump-settings.ts';
import type { NewArtifact } from './new-artifact.ts';
import type { PreparedDump } from './prepare-dump.ts';
import { storeDirectoryDump } from './store-directory-dump.ts';
import { storeCustomDump, type DumpStorage, killOnAbort } from './store-dump.ts';
import { together } from '../base/waiting.ts';
import { readUploadsInstant } from './uploads-instant.ts';
import { Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';
import { encryptionStage, encryptionSuffix } from './encryption.ts';
import type { ManifestFile } from './manifest.ts';
import { storePipe } from './stored-pipe.ts';

/** Takes the snapshot, and dumps and counts what it shows at the same time. @throws Failure `postgres-*`, `repository-*`, of a pipe */
export async function dumpAndCount(
  context: TaskContext,
  settings: DumpSettings,
  prepared: PreparedDump,
  artifact: NewArtifact,
): Promise<Pick<FinishedDump, 'snapshot' | 'storeTime' | 'uploads' | 'dump' | 'fingerprint'>> {
  const { source, name, expectedBytes } = prepared;
  const { repository } = artifact;
  const { endpoint } = source.session;
  context.report.phase(`dumping ${endpoint.database}`);
  const snapshot = await takeSnapshot(source.session);
  const uploads = await readUploadsInstant(context);
  const storeTime = await repository.clock(context.signal);
  if (settings.fingerprint !== 'none') {
    await lockTables(source.session, lockedTables(snapshot.tables, source.facts.standby));
  }
  const command: DumpCommand = {
    tools: source.client.tools,
    database: endpoint.database,
    environment: await programEnvironment(source.session, {
      secrets: context.secrets,
      folder: context.folder,
      applicationName: applicationName(context.run.id),
    }),
    encoding: source.facts.locale.encoding,
    snapshot: snapshot.id,
    standby: source.facts.standby,
    largeObjects: snapshot.hasLargeObjects,
  };
  const storage: DumpStorage = {
    repository,
    commands: context.commands,
    name,
    compression: settings.compression,
    encryption: context.environment.repository?.encrypt,
    folder: prepared.folder,
    tags: settings.tags,
    expectedBytes,
    signal: context.signal,
    onProgress: (bytes) => {
      // A total that was passed is no total any more.
      context.report.progress(bytes, bytes < expectedBytes ? expectedBytes : undefined);
    },
    onStored: (file) => {
      artifact.add(file);
    },
  };
  const [dump, fingerprint] = await together(
    AbortSignal.any([context.signal, source.session.lost]),
    (signal) =>
      settings.format === 'custom'
        ? storeCustomDump(command, { ...storage, signal })
        : storeDirectoryDump(command, settings.jobs, { ...storage, signal }),
    (signal) => countTables(context, settings, source, snapshot, signal),
  );
  if (settings.globals) await storeGlobals(command, storage);
  return { snapshot, storeTime, uploads, dump, fingerprint };
}

async function countTables(
  context: TaskContext,
  settings: DumpSettings,
  source: DumpSource,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const breakOff = (): void => void source.session.close();
  signal.addEventListener('abort', breakOff, { once: true });
  try {
    return await takeFingerprint(source.session, snapshot.tables, {
      mode: settings.fingerprint,
      standby: source.facts.standby,
      onTable: (table, done, total) => {
        context.report.phase(`dumping; counting ${table} (${done} of ${total} tables)`);
      },
    });
  } finally {
    signal.removeEventListener('abort', breakOff);
  }
}

/** Far more than the roles of any cluster take; the text is held in memory to see its end before it is stored. */
const globalsBytesLimit = 64 * 1024 * 1024;

/**
 * Stores roles and tablespaces as SQL, without passwords, beside the dump.
 * @throws Failure `command-failed`, `dump-unusable` when the text is not complete, `repository-*`.
 */
async function storeGlobals(command: GlobalsCommand, storage: DumpStorage): Promise<ManifestFile> {
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

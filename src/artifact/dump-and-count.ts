import { firstOf } from '../base/quantity/first-of.ts';
import { applicationName } from '../postgres/application-name.ts';
import {
  type DumpCommand,
  dumpEncodings,
  isDumpFailure,
  globalsStage,
  globalsTrailer,
  type GlobalsCommand,
} from '../postgres/dump-command.ts';
import { movedCollations, readCollations } from '../postgres/collations.ts';
import type { DumpSource } from '../postgres/dump-source.ts';
import { keysToLeftOut, selectParts, type SelectedParts } from '../postgres/dump-selection.ts';
import { isCounted, lockedTables, takeFingerprint, type Fingerprint } from '../postgres/fingerprint.ts';
import { findNeededSearchPaths, type NeededSearchPath } from '../postgres/needed-search-path.ts';
import { programEnvironment } from '../postgres/program.ts';
import { lockTables, takeSnapshot, type Snapshot } from '../postgres/snapshot.ts';
import { describeTable } from '../postgres/tables.ts';
import type { TaskContext } from '../task/contract.ts';
import type { FinishedDump } from './dump-manifest.ts';
import type { DumpSettings } from './dump-settings.ts';
import type { NewArtifact } from './new-artifact.ts';
import { partialFingerprint, partialOf } from './partial.ts';
import type { PreparedDump } from './prepare-dump.ts';
import { storeDirectoryDump } from './store-directory-dump.ts';
import { storeCustomDump, storeText, type DumpStorage, killOnAbort, type StoredDump } from './store-dump.ts';
import { together } from '../base/waiting.ts';
import { privilegesHead, storePrivileges, takePrivileges } from './privileges.ts';
import { readUploadsInstant } from './uploads-instant.ts';
import { Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';

/**
 * Every pg_dump locks every table, and a server has room for 64 locks a connection by itself, 6,400 in all: of more tables
 * than this owners and privileges are asked for when the dump has let go of its own.
 */
const mostTablesBeside = 2_000;

/** Takes the snapshot, and dumps and counts what it shows at the same time. @throws Failure `postgres-*`, `repository-*`, of a pipe */
export async function dumpAndCount(
  context: TaskContext,
  settings: DumpSettings,
  prepared: PreparedDump,
  artifact: NewArtifact,
): Promise<
  Pick<
    FinishedDump,
    | 'snapshot'
    | 'storeTime'
    | 'uploads'
    | 'dump'
    | 'fingerprint'
    | 'partial'
    | 'needsSearchPath'
    | 'collations'
  >
> {
  const { source, name, expectedBytes } = prepared;
  const { repository } = artifact;
  const { endpoint } = source.session;
  context.report.phase(`dumping ${endpoint.database}`);
  const snapshot = await takeSnapshot(source.session);
  const parts = await selectOf(context, settings, source);
  const uploads = await readUploadsInstant(context);
  const read = snapshot.tables.filter((table) => parts?.hasRows(table) !== false);
  const lock = lockedTables(read, source.facts.standby);
  const [storeTime, unlocked] = await together(
    context.signal,
    (signal) => repository.clock(signal),
    async () => (settings.fingerprint === 'none' ? undefined : lockTables(source.session, lock)),
  );
  if (unlocked !== undefined) {
    context.report.warn(
      `the tables could not be locked for counting: one that is truncated meanwhile is counted as empty. ${unlocked.message}`,
    );
  }
  const command: DumpCommand = {
    tools: source.client.tools,
    database: endpoint.database,
    environment: await programEnvironment(source.session, {
      secrets: context.secrets,
      folder: context.folder,
      applicationName: applicationName(context.run.id),
    }),
    encoding: 'UTF8',
    snapshot: snapshot.id,
    standby: source.facts.standby,
    largeObjects: snapshot.hasLargeObjects && parts?.withLargeObjects !== false,
    selection: parts?.arguments ?? [],
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
  const isCrowded = snapshot.tables.length > mostTablesBeside;
  const ask = async (signal: AbortSignal) => ({
    fingerprint: await countTables(context, settings, source, snapshot, signal, parts),
    needsSearchPath: await findNeededSearchPaths(source.session),
    collations: await readCollations(source.session),
  });
  const take = (head: Awaited<ReturnType<typeof privilegesHead>>) => (signal: AbortSignal) =>
    takePrivileges(source, head, command, { ...storage, signal });
  const [dump, { fingerprint, needsSearchPath, collations, head, written }] = await together(
    AbortSignal.any([context.signal, source.session.lost]),
    (signal) => storeDump(context, settings, command, { ...storage, signal }, source, artifact),
    async (signal) => {
      const head = await privilegesHead(source);
      if (isCrowded) return { head, written: undefined, ...(await ask(signal)) };
      // One asks by the session, the other by a pg_dump of its own.
      const [asked, written] = await together(signal, ask, take(head));
      return { head, written, ...asked };
    },
  );
  await storePrivileges(written ?? (await take(head)(context.signal)), storage, context.report);
  if (settings.globals) await storeGlobalsIfThere(context, { ...command, encoding: dump.encoding }, storage);
  const partial = partialOf(settings.selection, parts, snapshot);
  for (const warning of searchPathWarnings(needsSearchPath)) context.report.warn(warning);
  for (const warning of movedCollations(collations, endpoint.database)) context.report.warn(warning);
  return {
    snapshot,
    storeTime,
    uploads,
    dump,
    fingerprint,
    partial,
    needsSearchPath,
    collations: collations instanceof Failure ? [] : collations,
  };
}

/**
 * Dumps in the first encoding in which pg_dump can say all that the database holds; what a try before that has stored is
 * removed.
 * @throws Failure `command-failed`, `dump-unusable`, `repository-*`
 */
async function storeDump(
  context: TaskContext,
  settings: DumpSettings,
  command: DumpCommand,
  storage: DumpStorage,
  source: DumpSource,
  artifact: NewArtifact,
): Promise<StoredDump & { readonly encoding: string }> {
  const [first, own] = dumpEncodings(source.facts.locale.encoding);
  const dumpIn = async (encoding: string): Promise<StoredDump & { readonly encoding: string }> => {
    const dumped = { ...command, encoding };
    const stored =
      settings.format === 'custom'
        ? await storeCustomDump(dumped, storage)
        : await storeDirectoryDump(dumped, settings.jobs, storage);
    return { ...stored, encoding };
  };
  try {
    return await dumpIn(first);
  } catch (error) {
    storage.signal.throwIfAborted();
    // Patterns are handed over in UTF-8, and would be others in another encoding.
    const isSpelled = command.selection.every((words) => /^[ -~]*$/.test(words));
    if (own === undefined || !isDumpFailure(error) || !isSpelled) throw error;
    await artifact.discard(storage.signal);
    const why = error instanceof Failure ? (error.message.split('\n', 1)[0] ?? '') : '';
    context.report.note(`pg_dump did not end well in ${first}: it is tried once more in ${own}`);
    const stored = await dumpIn(own);
    context.report.warn(
      `${command.database} could not be dumped in ${first} and is dumped in its own encoding, ${own}, in which alone it may be restorable: ${why}`,
    );
    return stored;
  }
}

/** What the plan leaves out, as the snapshot shows it, with warnings of what the operator may not mean. */
async function selectOf(
  { report }: TaskContext,
  { selection }: DumpSettings,
  { session }: DumpSource,
): Promise<SelectedParts | undefined> {
  if (selection === undefined) return undefined;
  const parts = await selectParts(session, selection);
  for (const pattern of parts.unmatched)
    report.warn(`nothing in ${session.endpoint.database} bears the name ${pattern}, which 'exclude' says`);
  const keys = await keysToLeftOut(session, parts);
  if (keys.length > 0)
    report.warn(
      `rows that stay out are referred to: a restore will be incomplete by foreign keys, which its plan can accept: ${firstOf(keys, namedUnknown)}`,
    );
  return parts;
}

async function countTables(
  context: TaskContext,
  settings: DumpSettings,
  source: DumpSource,
  snapshot: Snapshot,
  signal: AbortSignal,
  parts: SelectedParts | undefined,
): Promise<Fingerprint> {
  const breakOff = (): void => void source.session.close();
  signal.addEventListener('abort', breakOff, { once: true });
  try {
    const counted =
      parts === undefined ? snapshot.tables : snapshot.tables.filter((table) => parts.hasRows(table));
    const fingerprint = await takeFingerprint(source.session, counted, {
      mode: settings.fingerprint,
      standby: source.facts.standby,
      onTable: (table, done, total) => {
        context.report.phase(`dumping; counting ${table} (${done} of ${total} tables)`);
      },
    });
    for (const warning of unknownCounts(fingerprint)) context.report.warn(warning);
    if (parts === undefined) return fingerprint;
    const { standby } = source.facts;
    return partialFingerprint(fingerprint, snapshot, (table) => isCounted(table, standby), parts);
  } finally {
    signal.removeEventListener('abort', breakOff);
  }
}

/** What other tools may not restore, and ours only at a second try, in words. Pure. */
export function searchPathWarnings(needed: readonly NeededSearchPath[]): readonly string[] {
  const rest = needed.length - namedUnknown;
  return [
    ...needed
      .slice(0, namedUnknown)
      .map(
        ({ object, function: name, reason }) =>
          `${object} cannot be made under an empty search path, as restores have it: of ${name}, ${reason}. Give the function 'set search_path', or name schemas in it`,
      ),
    ...(rest > 0 ? [`${String(rest)} more objects cannot be made under an empty search path`] : []),
  ];
}

/** Named one by one up to so many. */
const namedUnknown = 5;

/** What could not be counted, in words. The dump is whole all the same. Pure. */
export function unknownCounts({ tables, largeObjects }: Fingerprint): readonly string[] {
  const unknown = tables.filter((table) => table.unknown !== undefined);
  const rest = unknown.length - namedUnknown;
  return [
    ...unknown
      .slice(0, namedUnknown)
      .map(
        (table) =>
          `${describeTable(table)} is dumped, and its rows could not be counted: ${table.unknown ?? ''}`,
      ),
    ...(rest > 0 ? [`${String(rest)} more tables are dumped, and their rows could not be counted`] : []),
    ...(largeObjects === undefined ? ['large objects are dumped, and could not be counted'] : []),
  ];
}

/** The dump is stored, and stays, whatever becomes of the roles beside it. @throws Failure `repository-*`; the signal's reason */
async function storeGlobalsIfThere(
  context: TaskContext,
  command: GlobalsCommand,
  storage: DumpStorage,
): Promise<void> {
  let text: Buffer;
  try {
    text = await readGlobals(command, storage);
  } catch (error) {
    storage.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    context.report.warn(`the dump is stored, and the roles of the server are not: ${error.message}`);
    return;
  }
  await storeText('globals', Readable.from([text]), storage);
}

/** Far more than the roles of any cluster take; the text is held in memory to see its end before it is stored. */
const globalsBytesLimit = 64 * 1024 * 1024;

/** Without passwords. @throws Failure `command-failed`, `dump-unusable` when the text is not complete */
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

import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { defined } from '../base/defined.ts';
import type { DumpListing } from '../postgres/dump-listing.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import type { Session } from '../postgres/connect.ts';
import type { RestoreSelection } from '../postgres/restore-command.ts';
import type { TaskContext } from '../task/contract.ts';
import type { ManifestFile } from '../artifact/manifest.ts';
import { Failure } from '../base/failure.ts';
import { renderBytes } from '../base/quantity/size.ts';
import { listContents, readFileHead, readHead, unpackRest } from './contents.ts';
import type { DumpFile } from './dump-file.ts';
import { loadDirectory } from './load-directory.ts';
import { checkTextSelection, findCreatingText, loadFile } from './load-file.ts';
import { loadStream } from './load-stream.ts';
import type { Load } from './load.ts';
import { loadProving, proveAgain } from './prove-again.ts';
import { resumeLoad } from './resume.ts';
import { dataBytes, mainFile, type ArtifactSource } from './restore-source.ts';
import { feedTable } from './table-feed.ts';
import type { Timeline } from './timeline.ts';
import { directoryAgain, streamAgain, type ReadAgain } from './try-again.ts';
import { verifiedSource } from './verified-source.ts';

/** What is restored: an artifact of a repository, or a dump on this host. */
export type RestoreSource = ArtifactSource | DumpFile;

export interface OpenOptions {
  readonly context: TaskContext;
  readonly tools: ClientTools;
  /** A private folder. */
  readonly folder: string;
  readonly selection: RestoreSelection;
  readonly timeline: Timeline;
}

/** A source whose contents are known, ready to be loaded. */
export interface OpenSource {
  readonly listing: DumpListing;
  /** Where its contents lie on this host; undefined of SQL text. */
  readonly contents: string | undefined;
  readonly load: (load: Load, session: Session) => Promise<void>;
  /** Goes on with an earlier attempt that has loaded the rows. */
  readonly resume: (load: Load, session: Session) => Promise<void>;
  /** Reads some of its entries once more. */
  readonly again: ReadAgain;
  /** Counts bytes that came out of the repository. */
  readonly countBytes: (bytes: number) => void;
  readonly bytes: () => number;
}

/** Reads a source's table of contents. @throws Failure `artifact-damaged`, `dump-unusable`, `target-refused` */
export async function openSource(source: RestoreSource, options: OpenOptions): Promise<OpenSource> {
  const { report } = options.context;
  report.phase('reading the contents');
  const total = source.kind === 'artifact' ? dataBytes(source.manifest) : source.bytes;
  let read = 0;
  const counting = {
    countBytes: (bytes: number): void => {
      read += bytes;
      report.progress(Math.min(read, total), total);
    },
    bytes: () => read,
  };
  if (source.kind === 'file') return { ...(await openFile(source, options)), ...counting };
  const opened =
    mainFile(source.manifest).role === 'rest'
      ? await openDirectory(source, options, counting.countBytes)
      : await openStream(source, options);
  return { ...opened, ...counting };
}

type Opened = Pick<OpenSource, 'listing' | 'contents' | 'load' | 'resume' | 'again'>;

async function openStream(source: ArtifactSource, options: OpenOptions): Promise<Opened> {
  const { repository, unpack, manifest } = source;
  const file = mainFile(manifest);
  const { path, listing } = await readHead(repository, file, unpack, contentsOptions(options));
  return {
    listing,
    contents: path,
    load: (load) =>
      loadProving(load, { repository, file }, load.signal, () =>
        loadStream(load, {
          open: () => verifiedSource(repository, file, load),
          bytes: file.bytes,
          unpack,
          head: path,
        }),
      ),
    resume: async (load, session) => {
      await proveAgain({ repository, file }, load);
      await resumeLoad(load, session, { from: path, format: 'custom' });
    },
    again: (load, attempt) => {
      const dump = attempt.hasRows
        ? { input: verifiedSource(repository, file, load), unpack }
        : { input: createReadStream(path), unpack: [] };
      return streamAgain(load, attempt, { format: 'custom', head: path, ...dump });
    },
  };
}

async function openDirectory(
  source: ArtifactSource,
  options: OpenOptions,
  onBytes: (bytes: number) => void,
): Promise<Opened> {
  const { repository, unpack, manifest } = source;
  const contents = contentsOptions(options);
  const rest = mainFile(manifest);
  const endContents = options.timeline.begin('contents');
  const path = await unpackRest(repository, rest, unpack, { ...contents, onBytes });
  endContents(rest.bytes);
  const listing = await listContents(path, contents);
  const tables = largeTables(manifest.files, listing);
  const objects = largeObjectsFile(manifest.files, options.selection);
  return {
    listing,
    contents: path,
    load: (load, session) => {
      const table = largestTable(source, tables, listing);
      const isWhole = options.selection.contents === 'all' && options.selection.tables.length === 0;
      const canHold = table !== undefined && isWhole && !load.command.clean;
      return loadDirectory(load, {
        path,
        tables,
        feed: { repository, unpack },
        ...(objects !== undefined && { largeObjects: { repository, file: objects, unpack } }),
        ...(canHold && { hold: { session, table } }),
      });
    },
    resume: (load, session) => resumeLoad(load, session, { from: path, format: 'directory' }),
    again: (load, attempt) => {
      const fetch = new Map(
        [...tables].map(([id, file]) => [
          id,
          (to: string) => feedTable({ file, path: to }, { ...load, repository, unpack }),
        ]),
      );
      return directoryAgain(load, attempt, path, fetch);
    },
  };
}

/** Stored files of large tables by dump id, in the order of the contents, as far as they are wanted. */
function largeTables(
  files: readonly ManifestFile[],
  listing: DumpListing,
): ReadonlyMap<string, ManifestFile> {
  const byId = new Map(
    files.flatMap((file) => {
      const id = /\/(\d+)\.dat/.exec(file.key)?.[1];
      return file.role === 'table' && id !== undefined ? [[id, file] as const] : [];
    }),
  );
  return new Map(
    [...listing.tables.keys()].flatMap((id) => {
      const file = byId.get(id);
      return file === undefined ? [] : [[id, file] as const];
    }),
  );
}

/** Large objects belong to no schema and to no table. */
function largeObjectsFile(
  files: readonly ManifestFile[],
  { contents, schemas, tables }: RestoreSelection,
): ManifestFile | undefined {
  if (contents === 'schema-only' || schemas.length + tables.length > 0) return undefined;
  return files.find(({ role }) => role === 'large-objects');
}

/** The largest table by the manifest's name for it, which the list does not tell apart from its owner. */
function largestTable(
  { manifest }: ArtifactSource,
  tables: ReadonlyMap<string, ManifestFile>,
  listing: DumpListing,
): { readonly schema: string; readonly name: string } | undefined {
  const [largest] = [...tables].sort(([, left], [, right]) => right.bytes - left.bytes);
  const words = largest === undefined ? undefined : listing.tables.get(largest[0])?.words;
  if (words === undefined) return undefined;
  return manifest.fingerprint.tables.find(({ schema, name }) => words.startsWith(`${schema} ${name} `));
}

async function openFile(file: DumpFile, options: OpenOptions): Promise<Opened> {
  const contents = contentsOptions(options);
  if (file.format === 'sql') {
    checkTextSelection(file, { selection: options.selection, clean: false });
    const creates = await findCreatingText(file, options.context.commands);
    return {
      listing: { ...emptyListing, ...defined({ creates }) },
      contents: undefined,
      load: async (load) => {
        checkTextSelection(file, load.command);
        await loadFile(load, file, '');
      },
      resume: notResumable,
      again: () => Promise.resolve(),
    };
  }
  const isStream = file.unpack.length > 0;
  const { path, listing } = isStream
    ? await readFileHead(file, contents)
    : { path: file.path, listing: await listContents(file.path, contents) };
  options.context.report.note(
    file.isProven
      ? `${file.path} (${renderBytes(file.bytes)}) has the sha256 that lies beside it`
      : `nothing proves ${file.path}: no .sha256 lies beside it`,
  );
  return {
    listing,
    contents: path,
    load: (load) => loadFile(load, file, path),
    resume: notResumable,
    again: (load, attempt) =>
      file.format === 'custom' || file.format === 'tar'
        ? streamAgain(load, attempt, {
            format: file.format,
            input: createReadStream(file.path),
            unpack: file.unpack,
            head: path,
          })
        : directoryAgain(load, attempt, resolve(path), new Map()),
  };
}

function notResumable(): Promise<never> {
  return Promise.reject(new Failure('usage', 'a restore from a file is begun anew, not resumed'));
}

const emptyListing: DumpListing = {
  dumpMajor: undefined,
  serverMajor: undefined,
  serverVersion: undefined,
  format: 'SQL',
  extensions: [],
  entries: 0,
  dataEntries: 0,
  sequences: [],
  laterEntries: 0,
  tables: new Map(),
  ids: [],
  words: new Map(),
  relations: [],
};

function contentsOptions({ context, tools, folder, selection }: OpenOptions) {
  return { commands: context.commands, signal: context.signal, tools, folder, selection };
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestFile } from '../artifact/manifest.ts';
import { asDamage, eachLine, readBackHead } from '../artifact/read-back.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import { createDumpListing, type DumpListing } from '../postgres/dump-listing.ts';
import {
  listStage,
  selectionArguments,
  tablespacesStages,
  type RestoreSelection,
} from '../postgres/restore-command.ts';
import type { Commands, Stage } from '../process/commands.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import { ownFailure, verifiedSource } from './verified-source.ts';

export interface ContentsOptions {
  readonly commands: Commands;
  readonly tools: Pick<ClientTools, 'pgRestore'>;
  readonly selection: RestoreSelection;
  /** Private; the beginning of a dump, or the folder of a directory dump, is made in it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Lists what is chosen of a dump on a path, or on standard input. */
function listChosen({ tools, selection }: ContentsOptions, path?: string): Stage {
  return listStage(tools.pgRestore, [
    ...selectionArguments(selection),
    ...(path === undefined ? [] : [path]),
  ]);
}

/** The table of contents of a dump that lies on this host. @throws Failure `dump-unusable`, `postgres-version` */
export async function listContents(path: string, options: ContentsOptions): Promise<DumpListing> {
  return listUnproven(path, [], listChosen(options, path), options);
}

/**
 * The tablespaces that a dump's objects lie in, but for the database's own. The list of its contents does not tell them,
 * its definitions do.
 * @param path of the dump, or of a file that holds its contents
 */
export async function listTablespaces(
  path: string,
  { commands, tools }: Pick<ContentsOptions, 'commands' | 'tools'>,
): Promise<readonly string[]> {
  const names: string[] = [];
  const pipe = commands.pipe(tablespacesStages(tools.pgRestore, path));
  await Promise.all([
    pipe.done,
    eachLine(pipe.output, (line) => {
      const [, quoted, plain] = /^SET default_tablespace = (?:"((?:[^"]|"")+)"|([^"';]+));$/.exec(line) ?? [];
      const name = quoted?.replaceAll('""', '"') ?? plain;
      if (name !== undefined) names.push(name);
    }),
  ]);
  return names;
}

/** Lists a dump of which nothing is known: what pg_restore cannot read is no dump, or one of a newer pg_dump. */
async function listUnproven(
  path: string,
  before: readonly Stage[],
  list: Stage,
  { commands, signal }: ContentsOptions,
): Promise<DumpListing> {
  const listing = createDumpListing();
  const pipe = commands.pipe([...before, list]);
  try {
    await Promise.all([pipe.done, eachLine(pipe.output, listing.add)]);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure) || error.code !== 'command-failed') throw error;
    const isNewer = error.fields.stderr?.some((line) =>
      /unsupported version \(.*\) in file header/.test(line),
    );
    throw new Failure(
      isNewer === true ? 'tool-missing' : 'dump-unusable',
      `${path} cannot be read: ${error.message}`,
      {
        where: path,
        hint:
          isNewer === true
            ? 'It was written by a newer pg_dump: install the client programs of its major.'
            : 'It is no dump that pg_restore can read, or it is cut off.',
        cause: error,
      },
    );
  }
  return listing.read();
}

/** A custom-format dump's beginning, kept as a file, and what it lists. */
export interface DumpHead {
  readonly path: string;
  readonly listing: DumpListing;
}

/**
 * Reads as much of a stored custom-format dump as its table of contents takes.
 * @throws Failure `artifact-damaged`, `repository-*`
 */
export async function readHead(
  repository: Repository,
  file: ManifestFile,
  unpack: readonly Stage[],
  options: ContentsOptions,
): Promise<DumpHead> {
  const path = join(options.folder, 'head.dump');
  const listing = createDumpListing();
  // Whoever stands before pg_restore sees its reader leave once the contents are read.
  const early = [...unpack, { program: 'tee', arguments: [path] }].map((stage) => ({
    ...stage,
    tolerate: ['SIGPIPE' as const],
  }));
  await readBackHead(repository, file, {
    commands: options.commands,
    signal: options.signal,
    stages: [...early, listChosen(options)],
    onLine: listing.add,
  });
  return { path, listing: listing.read() };
}

/** The same of a dump that lies on this host, compressed. @throws Failure as `listContents` */
export async function readFileHead(
  file: { readonly path: string; readonly unpack: readonly Stage[] },
  options: ContentsOptions,
): Promise<DumpHead> {
  const path = join(options.folder, 'head.dump');
  const early = [
    { program: 'cat', arguments: [file.path] },
    ...file.unpack,
    { program: 'tee', arguments: [path] },
  ].map((stage) => ({ ...stage, tolerate: ['SIGPIPE' as const] }));
  return { path, listing: await listUnproven(file.path, early, listChosen(options), options) };
}

/**
 * Unpacks what a directory dump has beside its large tables into a new folder.
 * @throws Failure `artifact-damaged`, `repository-*`
 */
export async function unpackRest(
  repository: Repository,
  file: ManifestFile,
  unpack: readonly Stage[],
  options: ContentsOptions & { readonly onBytes: (bytes: number) => void },
): Promise<string> {
  const path = join(options.folder, 'dump');
  await mkdir(path, { mode: 0o700 });
  const source = verifiedSource(repository, file, options);
  // tar leaves at the archive's end mark; the rest must still flow by, so that all of it is verified.
  const pipe = options.commands.pipe(
    [
      ...unpack,
      { program: 'tar', arguments: ['--extract', '--file=-', `--directory=${path}`], drains: true },
    ],
    { input: source },
  );
  pipe.output.on('error', () => undefined).resume();
  try {
    await pipe.done;
  } catch (error) {
    const broke = ownFailure(source);
    if (broke !== undefined) throw broke;
    options.signal.throwIfAborted();
    throw asDamage(file, error);
  }
  return path;
}

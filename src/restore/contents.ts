import { join } from 'node:path';
import type { ManifestFile } from '../artifact/manifest.ts';
import { asDamage, eachLine, readBackHead } from '../artifact/read-back.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import { createDumpListing, type DumpListing } from '../postgres/dump-listing.ts';
import { selectionArguments, type RestoreSelection } from '../postgres/restore-command.ts';
import type { Commands, Stage } from '../process/commands.ts';
import type { Repository } from '../repository/repository.ts';
import { verifiedSource } from './verified-source.ts';

export interface ContentsOptions {
  readonly commands: Commands;
  readonly tools: Pick<ClientTools, 'pgRestore'>;
  readonly selection: RestoreSelection;
  /** Private; the beginning of a dump, or the folder of a directory dump, is made in it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Lists a dump on a path, or on standard input. */
function listStage({ tools, selection }: ContentsOptions, path?: string): Stage {
  return {
    program: tools.pgRestore,
    arguments: ['--list', ...selectionArguments(selection), ...(path === undefined ? [] : [path])],
    environment: { LC_ALL: 'C' },
  };
}

/** The table of contents of a dump that lies on this host. @throws Failure `command-failed` */
export async function listContents(path: string, options: ContentsOptions): Promise<DumpListing> {
  const listing = createDumpListing();
  const pipe = options.commands.pipe([listStage(options, path)]);
  await Promise.all([pipe.done, eachLine(pipe.output, listing.add)]);
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
    stages: [...early, listStage(options)],
    onLine: listing.add,
  });
  return { path, listing: listing.read() };
}

/** The same of a dump that lies on this host, compressed. @throws Failure `command-failed` */
export async function readFileHead(
  file: { readonly path: string; readonly unpack: readonly Stage[] },
  options: ContentsOptions,
): Promise<DumpHead> {
  const path = join(options.folder, 'head.dump');
  const listing = createDumpListing();
  const pipe = options.commands.pipe([
    ...[
      { program: 'cat', arguments: [file.path] },
      ...file.unpack,
      { program: 'tee', arguments: [path] },
    ].map((stage) => ({ ...stage, tolerate: ['SIGPIPE' as const] })),
    listStage(options),
  ]);
  await Promise.all([pipe.done, eachLine(pipe.output, listing.add)]);
  return { path, listing: listing.read() };
}

/** tar leaves at the archive's end mark; the rest must still flow by, so that all of it is verified. */
const extractWhole = 'tar --extract --file=- --directory="$1"; status=$?; cat >/dev/null; exit "$status"';

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
  await options.commands.run('mkdir', ['-m', '700', path]);
  const source = verifiedSource(repository, file, options);
  const pipe = options.commands.pipe(
    [...unpack, { program: 'sh', arguments: ['-c', extractWhole, 'sh', path] }],
    { input: source },
  );
  pipe.output.on('error', () => undefined).resume();
  try {
    await pipe.done;
  } catch (error) {
    options.signal.throwIfAborted();
    throw source.errored ?? asDamage(file, error);
  }
  return path;
}

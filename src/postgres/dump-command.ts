import { Failure } from '../base/failure.ts';
import type { Stage } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import { untranslatable } from './encoding.ts';
import { connectionString, databaseArgument, type Variables } from './program.ts';

export interface DumpCommand {
  readonly tools: ClientTools;
  readonly database: string;
  /** From `programEnvironment`. */
  readonly environment: Variables;
  /** What the dump has its names and texts in, as Postgres calls it; see `dumpEncodings`. */
  readonly encoding: string;
  /** Id of an exported snapshot. */
  readonly snapshot: string;
  /** A standby cannot read unlogged tables. */
  readonly standby: boolean;
  /** Whether there are large objects to dump. */
  readonly largeObjects: boolean;
  /** What of the database is dumped, from `selectParts`; everything where it is empty. */
  readonly selection: readonly string[];
}

/** Of definitions alone; without a snapshot they are those of now. */
export type DefinitionsCommand = Pick<
  DumpCommand,
  'tools' | 'database' | 'environment' | 'encoding' | 'standby'
> &
  Partial<Pick<DumpCommand, 'snapshot' | 'selection'>>;

/**
 * What every dump is made with. Owners and privileges stay out, because they are the restoring side's; `--create`
 * never appears, so that no dump can name the database that it is restored into. Compression is zstd's, outside.
 */
function commonArguments(command: DefinitionsCommand): readonly string[] {
  return [
    '--no-owner',
    '--no-privileges',
    '--no-password',
    '--compress=0',
    `--encoding=${command.encoding}`,
    ...(command.snapshot === undefined ? [] : [`--snapshot=${command.snapshot}`]),
    ...(command.standby ? ['--no-unlogged-table-data'] : []),
    ...(command.selection ?? []),
    databaseArgument(command.database),
  ];
}

/**
 * What to dump a database's texts in, in the order to try: UTF-8, whatever the database has, so that they can be read and
 * restored into any encoding; else its own, in which no server refuses anything. Encodings have bytes that are no
 * character of theirs, and a database may hold them all the same.
 */
export function dumpEncodings(ofDatabase: string): readonly [string, ...string[]] {
  if (ofDatabase === 'UTF8' || untranslatable.includes(ofDatabase)) return [ofDatabase];
  return ['UTF8', ofDatabase];
}

/** Whether it was pg_dump that did not end well. */
export function isDumpFailure(error: unknown): boolean {
  return error instanceof Failure && error.code === 'command-failed' && error.fields.program === 'pg_dump';
}

/** pg_dump in the custom format, to its standard output. */
export function customDumpStage(command: DumpCommand): Stage {
  return {
    program: command.tools.pgDump,
    arguments: ['--format=custom', ...commonArguments(command)],
    environment: command.environment,
  };
}

/**
 * pg_dump of every definition and no row as SQL text, with owners and privileges, into a file: what the dump itself
 * leaves out is read off it.
 */
export function definitionsStage(command: DefinitionsCommand, file: string): Stage {
  const usual = commonArguments(command).filter((word) => !['--no-owner', '--no-privileges'].includes(word));
  return {
    program: command.tools.pgDump,
    arguments: ['--format=plain', '--schema-only', `--file=${file}`, ...usual],
    environment: command.environment,
  };
}

/**
 * pg_dump of large objects alone, in the custom format, to its standard output. Their own names are pg_dump's `-b` in
 * every version. What it dumps of data is theirs, because the rows of every table are left out.
 */
export function largeObjectsStage(command: DumpCommand): Stage {
  return {
    program: command.tools.pgDump,
    arguments: [
      '--format=custom',
      '-b',
      '--data-only',
      '--exclude-table-data=*.*',
      ...commonArguments(command),
    ],
    environment: command.environment,
  };
}

/**
 * pg_dump in the directory format, `jobs` tables at a time, into a folder that it makes; it tells each table it has
 * finished. Large objects stay out (`-B`): it would write a file for each.
 */
export function directoryDumpStage(
  command: DumpCommand,
  target: { readonly folder: string; readonly jobs: number },
  onFinished: (dumpId: string) => void,
): Stage {
  return {
    program: command.tools.pgDump,
    arguments: [
      '--format=directory',
      `--jobs=${target.jobs}`,
      `--file=${target.folder}`,
      '--verbose',
      '-B',
      ...commonArguments(command),
    ],
    environment: command.environment,
    onErrorLine: (line) => {
      const dumpId = parseFinishedItem(line);
      if (dumpId !== undefined) onFinished(dumpId);
    },
  };
}

/**
 * The dump id out of pg_dump's `finished item 3021 TABLE DATA orders`; undefined for any other line. The processes of a
 * parallel dump write their lines in pieces, so the name of the program may stand there more than once, or be missing.
 */
export function parseFinishedItem(line: string): string | undefined {
  return /^(?:pg_dump: ?| )*finished item (\d+) TABLE DATA /.exec(line)?.[1];
}

export type GlobalsCommand = Pick<DumpCommand, 'tools' | 'database' | 'environment' | 'encoding'>;

/** Roles, their settings and tablespaces as SQL, to standard output; passwords stay out. */
export function globalsStage(command: GlobalsCommand): Stage {
  return {
    program: command.tools.pgDumpall,
    arguments: [
      '--globals-only',
      '--no-role-passwords',
      '--no-password',
      `--encoding=${command.encoding}`,
      // Whatever holds a `=` is read as a connection string.
      `--database=${connectionString(command.database)}`,
    ],
    environment: command.environment,
  };
}

/** The last line of a complete output of pg_dumpall. */
export const globalsTrailer = '-- PostgreSQL database cluster dump complete';

import type { Stage } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import { databaseArgument, type Variables } from './program.ts';

export interface DumpCommand {
  readonly tools: ClientTools;
  readonly database: string;
  /** From `programEnvironment`. */
  readonly environment: Variables;
  /** What the database stores text in, as the server calls it. */
  readonly encoding: string;
  /** Id of an exported snapshot. */
  readonly snapshot: string;
  /** A standby cannot read unlogged tables. */
  readonly standby: boolean;
  /** Whether the snapshot shows large objects. */
  readonly largeObjects: boolean;
}

/**
 * What every dump is made with. Owners and privileges stay out, because they are the restoring side's; `--create`
 * never appears, so that no dump can name the database that it is restored into. Compression is zstd's, outside.
 */
function commonArguments(command: DumpCommand): readonly string[] {
  return [
    '--no-owner',
    '--no-privileges',
    '--no-password',
    '--compress=0',
    encodingArgument(command),
    `--snapshot=${command.snapshot}`,
    ...(command.standby ? ['--no-unlogged-table-data'] : []),
    databaseArgument(command.database),
  ];
}

/** Encodings that no server can make UTF-8 of: in SQL_ASCII any byte may stand, and of the other there is no table. */
const untranslatable = ['SQL_ASCII', 'MULE_INTERNAL'];

/** UTF-8, whatever the database and the role say: names and texts of a dump can be read, and restored into any encoding. */
function encodingArgument({ encoding }: Pick<DumpCommand, 'encoding'>): string {
  return `--encoding=${untranslatable.includes(encoding) ? encoding : 'UTF8'}`;
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
      encodingArgument(command),
      `--database=${command.database}`,
    ],
    environment: command.environment,
  };
}

/** The last line of a complete output of pg_dumpall. */
export const globalsTrailer = '-- PostgreSQL database cluster dump complete';

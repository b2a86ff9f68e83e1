import type { Commands, Stage } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import { databaseArgument, type Variables } from './program.ts';
import {
  createRestoreMessages,
  type RestoreMessages,
  type RestoreMessagesListener,
} from './restore-messages.ts';
import type { RestoreProgress } from './restore-progress.ts';

/** What of a dump is restored. */
export interface RestoreSelection {
  readonly schemas: readonly string[];
  readonly tables: readonly string[];
  readonly contents: 'all' | 'schema-only' | 'data-only';
}

export type RestoreSection = 'pre-data' | 'data' | 'post-data';

export interface RestoreCommand {
  readonly tools: Pick<ClientTools, 'pgRestore' | 'psql' | 'vacuumdb'>;
  readonly database: string;
  /** From `programEnvironment`, with the restore's own settings. */
  readonly environment: Variables;
  readonly selection: RestoreSelection;
  /** Drops what the dump creates before creating it. */
  readonly clean: boolean;
  readonly singleTransaction: boolean;
  /** Everything lies in the database's own tablespace, wherever it lay. */
  readonly withoutTablespaces: boolean;
}

export interface RestorePass {
  /** A file or folder; absent: standard input. */
  readonly from?: string;
  readonly format?: 'custom' | 'directory' | 'tar';
  readonly jobs: number;
  readonly sections?: readonly RestoreSection[];
  /** Drops what it creates, whatever the command says. */
  readonly clean?: boolean;
  /** A file of dump ids, one a line: nothing else is restored. */
  readonly list?: string;
}

/** pg_restore as a stage of a pipe, with what it says understood. */
export interface RestoreStage {
  readonly stage: Stage;
  readonly messages: RestoreMessages;
}

/**
 * pg_restore leaves its standard input once it has what it wants; the rest must still flow by, so that all of it is
 * verified. An exit status above 1 is no restore: nothing more needs to be read.
 */
const readWhole = '"$@"; status=$?; [ "$status" -gt 1 ] || cat >/dev/null; exit "$status"';

/**
 * pg_restore into a database. Owners and privileges are never those of the dump. It goes on after an error, because
 * known ones are harmless; `listen` hears of each, to end it. A dump on standard input is read to its end.
 */
export function restoreStage(
  command: RestoreCommand,
  pass: RestorePass,
  listen: RestoreMessagesListener & { readonly progress?: RestoreProgress },
): RestoreStage {
  const messages = createRestoreMessages(listen);
  const program = [command.tools.pgRestore, ...restoreArguments(command, pass)];
  const [first = '', ...rest] = pass.from === undefined ? ['sh', '-c', readWhole, 'sh', ...program] : program;
  return {
    messages,
    stage: {
      program: first,
      arguments: rest,
      environment: command.environment,
      onErrorLine: (line) => {
        messages.add(line);
        listen.progress?.add(line);
      },
      acceptExit: (status) => {
        messages.end();
        return status === 1 && messages.isExplained();
      },
    },
  };
}

/**
 * Two commands that differ in their last word, their output in one transaction. Its end is written when both have
 * exited well and not before: what reads a text that breaks off must not take that for its end.
 */
const oneTransaction =
  'first=$1; second=$2; shift 2; echo "begin;"; "$@" "$first"; "$@" "$second"; echo "commit;"';

/** pg_restore of two dumps on this host as SQL text to standard output, one after the other in one transaction. */
export function transactionStage(
  command: RestoreCommand,
  [first, second]: readonly [string, string],
  onErrorLine: (line: string) => void,
): Stage {
  const words = [
    command.tools.pgRestore,
    '--file=-',
    '--no-owner',
    '--no-privileges',
    '--verbose',
    ...(command.clean ? ['--clean', '--if-exists'] : []),
    ...(command.withoutTablespaces ? ['--no-tablespaces'] : []),
    ...selectionArguments(command.selection),
  ];
  return {
    program: 'sh',
    arguments: ['-ec', oneTransaction, 'sh', first, second, ...words],
    environment: command.environment,
    onErrorLine,
  };
}

/** Lists a dump's contents: of one on a path among the `words`, otherwise on standard input. Asks no server. */
export function listStage(pgRestore: string, words: readonly string[] = []): Stage {
  return {
    program: pgRestore,
    arguments: ['--list', ...words],
    environment: { LC_ALL: 'C' },
  };
}

/** The statements by which a dump's definitions go into tablespaces, each once, from the dump or its beginning on a path. */
export function tablespacesStages(pgRestore: string, path: string): readonly Stage[] {
  return [
    { program: pgRestore, arguments: ['--schema-only', '--file=-', path], environment: { LC_ALL: 'C' } },
    { program: 'sed', arguments: ['-n', '/^SET default_tablespace = /p'], environment: { LC_ALL: 'C' } },
    { program: 'sort', arguments: ['-u'], environment: { LC_ALL: 'C' } },
  ];
}

/** psql with SQL text on its standard input. It goes on after an error unless `words` say otherwise. */
export function psqlStage(
  { tools, environment }: Pick<RestoreCommand, 'environment'> & { readonly tools: Pick<ClientTools, 'psql'> },
  words: readonly string[],
  onErrorLine: (line: string) => void,
): Stage {
  return {
    program: tools.psql,
    arguments: ['--no-psqlrc', '--no-password', '--quiet', ...words, '--file=-'],
    environment,
    onErrorLine,
  };
}

/** psql as `psqlStage`, into a database, to the first error: half of a script is no restore. */
export function textStage(
  command: RestoreCommand,
  onErrorLine: (line: string) => void,
  isOneTransaction: boolean,
): Stage {
  const words = [
    '--set=ON_ERROR_STOP=1',
    ...(isOneTransaction ? ['--single-transaction'] : []),
    databaseArgument(command.database),
  ];
  return psqlStage(command, words, onErrorLine);
}

/** Gathers the statistics of every table, `jobs` tables at a time. @throws Failure `command-failed` */
export async function analyzeDatabase(
  commands: Commands,
  { tools, environment, database }: RestoreCommand,
  jobs: number,
): Promise<void> {
  const words = ['--analyze-only', '--quiet', '--no-password', `--jobs=${jobs}`, databaseArgument(database)];
  await commands.run(tools.vacuumdb, words, { environment });
}

/** The options of pg_restore that choose a part of a dump. */
export function selectionArguments({ contents, schemas, tables }: RestoreSelection): readonly string[] {
  return [
    ...(contents === 'all' ? [] : [`--${contents}`]),
    ...schemas.map((schema) => `--schema=${schema}`),
    ...tables.map((table) => `--table=${table}`),
  ];
}

function restoreArguments(command: RestoreCommand, pass: RestorePass): readonly string[] {
  const clean = pass.clean ?? command.clean;
  return [
    ...(pass.format === undefined ? [] : [`--format=${pass.format}`]),
    '--no-owner',
    '--no-privileges',
    '--no-password',
    '--verbose',
    ...(clean ? ['--clean', '--if-exists'] : []),
    ...(command.withoutTablespaces ? ['--no-tablespaces'] : []),
    ...(command.singleTransaction ? ['--single-transaction'] : []),
    ...(pass.jobs > 1 && !command.singleTransaction ? [`--jobs=${pass.jobs}`] : []),
    ...(pass.sections ?? []).map((section) => `--section=${section}`),
    ...(pass.list === undefined ? [] : [`--use-list=${pass.list}`]),
    ...selectionArguments(command.selection),
    databaseArgument(command.database),
    ...(pass.from === undefined ? [] : [pass.from]),
  ];
}

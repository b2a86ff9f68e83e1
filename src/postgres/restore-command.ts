import type { Stage } from '../process/commands.ts';
import type { ClientTools } from './client-tools.ts';
import { databaseArgument } from './program-environment.ts';
import { createRestoreMessages, type RestoreMessages } from './restore-messages.ts';
import { createRestoreProgress, type RestoreProgress } from './restore-progress.ts';

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
  /** From `programEnvironment`, with the session settings in PGOPTIONS. */
  readonly environment: Readonly<Record<string, string>>;
  readonly selection: RestoreSelection;
  /** Drops what the dump creates before creating it. */
  readonly clean: boolean;
  readonly singleTransaction: boolean;
}

export interface RestorePass {
  /** A file or folder; absent: standard input. */
  readonly from?: string;
  readonly format?: 'custom' | 'directory' | 'tar';
  readonly jobs: number;
  readonly sections?: readonly RestoreSection[];
  /** Drops what it creates, whatever the command says. */
  readonly clean?: boolean;
}

/** pg_restore as a stage of a pipe, with what it says understood. */
export interface RestoreStage {
  readonly stage: Stage;
  readonly messages: RestoreMessages;
}

/**
 * pg_restore into a database. Owners and privileges are never those of the dump. It goes on after an error, because
 * known ones are harmless; `onHarmful` hears of the first that is not, to end it.
 */
export function restoreStage(
  command: RestoreCommand,
  pass: RestorePass,
  listen: { readonly onHarmful: () => void; readonly progress?: RestoreProgress },
): RestoreStage {
  const messages = createRestoreMessages(listen.onHarmful);
  const progress = listen.progress ?? createRestoreProgress({});
  return {
    messages,
    stage: {
      program: command.tools.pgRestore,
      arguments: restoreArguments(command, pass),
      environment: command.environment,
      onErrorLine: (line) => {
        messages.add(line);
        progress.add(line);
      },
      acceptExit: (status) => {
        messages.end();
        return status === 1 && messages.isExplained();
      },
    },
  };
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
    ...(command.singleTransaction ? ['--single-transaction'] : []),
    ...(pass.jobs > 1 && !command.singleTransaction ? [`--jobs=${pass.jobs}`] : []),
    ...(pass.sections ?? []).map((section) => `--section=${section}`),
    ...selectionArguments(command.selection),
    databaseArgument(command.database),
    ...(pass.from === undefined ? [] : [pass.from]),
  ];
}

import type { Readable } from 'node:stream';
import { killOnAbort } from '../artifact/store-dump.ts';
import { textStage } from '../postgres/restore-command.ts';
import { createRestoreMessages } from '../postgres/restore-messages.ts';
import { failureOfRestore } from '../postgres/restore-failure.ts';
import type { Stage } from '../process/commands.ts';
import type { Load } from './load.ts';

/** SQL text on its way to psql. */
export interface SqlText {
  readonly stages: readonly Stage[];
  /** Goes into the first stage. */
  readonly input?: Readable;
  /** It begins and ends its transaction itself. */
  readonly hasTransaction?: true;
}

/**
 * SQL text into the target by psql, which ends at the first error: half of a script is no restore.
 * @throws Failure of the restore, `command-failed`; the signal's reason
 */
export async function loadText(load: Load, text: SqlText, signal: AbortSignal): Promise<void> {
  const messages = createRestoreMessages();
  const { command } = load;
  const psql = textStage(command, messages.add, command.singleTransaction && text.hasTransaction !== true);
  const pipe = load.commands.pipe(
    [...text.stages, psql],
    text.input === undefined ? {} : { input: text.input },
  );
  pipe.output.on('error', () => undefined).resume();
  const forget = killOnAbort(pipe, signal);
  try {
    await pipe.done;
  } catch (error) {
    signal.throwIfAborted();
    messages.end();
    throw messages.harmful.length > 0 ? failureOfRestore(messages.harmful, command.database) : error;
  } finally {
    forget();
  }
}

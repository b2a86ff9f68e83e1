import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import { listStage } from '../postgres/restore-command.ts';
import type { Commands, Stage } from '../process/commands.ts';

/** Reads the table of contents of a custom-format dump while it passes, before encryption hides it from this host. */
export interface ContentsProof {
  /** Goes right behind pg_dump: hands everything on, and the beginning also to pg_restore. */
  readonly stage: Stage;
  /** Resolves when pg_restore has parsed it. @throws Failure `dump-unusable` */
  readonly parsed: Promise<void>;
  /** Ends pg_restore if it still waits. */
  kill(): Promise<void>;
}

/**
 * `tee -p` writes what passes to a FIFO as well; `cat` brings that to pg_restore, which reads it on its standard input
 * (from a file it reads the header twice) and leaves when it has seen the contents; tee then goes on alone. No bulk
 * data passes through Node, and nothing readable touches a disk.
 */
export async function startContentsProof(
  commands: Commands,
  tools: ClientTools,
  folder: string,
): Promise<ContentsProof> {
  const fifo = join(folder, 'contents.fifo');
  await commands.$`mkfifo -m 600 ${fifo}`;
  const listing = commands.pipe([
    { program: 'cat', arguments: [fifo], tolerate: ['SIGPIPE'] },
    listStage(tools.pgRestore),
  ]);
  listing.output.on('error', () => undefined).resume();
  const parsed = listing.done.catch((error: unknown) => {
    throw new Failure('dump-unusable', 'pg_restore found no table of contents in what pg_dump wrote', {
      hint: 'Nothing was stored. See the lines of pg_dump before this one.',
      cause: error,
    });
  });
  parsed.catch(() => undefined);
  return {
    stage: { program: 'tee', arguments: ['-p', fifo] },
    parsed,
    kill: () => listing.kill(),
  };
}

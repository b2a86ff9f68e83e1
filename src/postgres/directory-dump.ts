import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Commands } from '../process/commands.ts';
import { directoryDumpStage, type DumpCommand } from './dump-command.ts';

/** The data of one table, completely written and no longer touched by pg_dump. */
export interface FinishedTable {
  /** Names its file, `3021.dat`; each comes once. */
  readonly dumpId: string;
  readonly path: string;
  readonly bytes: number;
}

export interface DirectoryDump {
  /** Each table as soon as it is finished; ends when pg_dump has exited well. Several readers may share it. */
  readonly finished: AsyncGenerator<FinishedTable, void>;
  /** Kills pg_dump. */
  kill(): Promise<void>;
}

/**
 * Starts a parallel dump into `target.folder`, which must not exist. Tables whose end pg_dump did not tell so that it
 * could be understood come when it has exited.
 * @throws Failure `command-failed`, while it is read
 */
export function startDirectoryDump(
  commands: Commands,
  command: DumpCommand,
  target: { readonly folder: string; readonly jobs: number },
): DirectoryDump {
  const waiting: string[] = [];
  const told = new Set<string>();
  let wake: () => void = () => undefined;
  let state: 'running' | 'over' = 'running';
  const pipe = commands.pipe([
    directoryDumpStage(command, target, (dumpId) => {
      tell([dumpId]);
      wake();
    }),
  ]);
  pipe.output.on('error', () => undefined).resume();
  const over = pipe.done
    .then(async () => {
      tell(await tablesIn(target.folder));
    })
    .finally(() => {
      state = 'over';
      wake();
    });
  // Whoever reads `finished` learns of a failure there; it must not count as unhandled before.
  over.catch(() => undefined);

  function tell(dumpIds: readonly string[]): void {
    const fresh = dumpIds.filter((dumpId) => !told.has(dumpId));
    for (const dumpId of fresh) told.add(dumpId);
    waiting.push(...fresh);
  }

  async function* finished(): AsyncGenerator<FinishedTable, void> {
    for (;;) {
      const dumpId = waiting.shift();
      if (dumpId !== undefined) {
        const path = join(target.folder, `${dumpId}.dat`);
        yield { dumpId, path, bytes: (await stat(path)).size };
      } else if (state === 'over') {
        await over;
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  }
  return { finished: finished(), kill: () => pipe.kill() };
}

async function tablesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).flatMap((name) => /^(\d+)\.dat$/.exec(name)?.[1] ?? []);
}

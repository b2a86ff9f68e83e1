import { databaseArgument } from '../postgres/program-environment.ts';
import type { Load } from './load.ts';

/** Gathers the planner's statistics of every table, several at a time: without them the first queries take wrong ways. */
export async function analyze({ commands, command, jobs }: Load): Promise<void> {
  await commands.run(
    command.tools.vacuumdb,
    ['--analyze-only', '--quiet', '--no-password', `--jobs=${jobs}`, databaseArgument(command.database)],
    { environment: command.environment },
  );
}

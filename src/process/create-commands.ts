import type { CommandHost } from './command-host.ts';
import type { Commands } from './commands.ts';
import { shellOf } from './bind-shell.ts';
import type { Shell } from './shell.ts';
import { startPipe } from './pipe.ts';
import { endGroup } from './started-group.ts';
import { runProgram } from './run-program.ts';
import { runShell } from './run-shell.ts';

/** Commands of one attempt, and the end of everything that they started. */
export interface BoundCommands {
  readonly commands: Commands;
  /** Ends the process groups that the attempt left running. */
  readonly end: () => Promise<void>;
}

/** Binds commands to an attempt: to its signal, redactor, registry of process groups and listeners. */
export function createCommands(host: CommandHost): BoundCommands {
  const alive = new Set<number>();
  const bound: CommandHost = {
    ...host,
    groups: {
      ...host.groups,
      add: (group) => {
        alive.add(group);
        host.groups.add(group);
      },
      remove: (group) => {
        alive.delete(group);
        host.groups.remove(group);
      },
    },
  };
  let shell: Shell | undefined;
  return {
    commands: {
      pipe: (stages, options = {}) => startPipe(stages, options, bound),
      run: (program, programArguments, options = {}) => runProgram(program, programArguments, options, bound),
      shell: (script, options = {}) => runShell(script, options, bound),
      get $() {
        return (shell ??= shellOf(bound));
      },
    },
    end: async () => {
      await Promise.all([...alive].map(endGroup));
    },
  };
}

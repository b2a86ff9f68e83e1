import { defined } from '../base/defined.ts';
import { verbatim } from '../base/terminal/blocks.ts';
import { command, strong } from '../base/terminal/status.ts';
import type { Terminal } from '../base/terminal/terminal.ts';
import type { Variables } from '../process/environment.ts';
import { startGroup } from '../process/started-group.ts';

/** How a demo shows itself: says what comes, then really does it. */
export interface Stage {
  /** A paragraph before what it speaks of. */
  say(text: string): void;
  /** A file's text, or something to type. */
  show(text: string): void;
  /** Runs a program as a person would see it, its output on the terminal, and gives its exit code; none after a signal. */
  run(program: string, programArguments: readonly string[], options: StageOptions): Promise<number>;
}

export interface StageOptions {
  /** As an operator would type it; absent: the command is not shown. */
  readonly shownAs?: string;
  readonly cwd?: string;
  /** What the program is given besides what every program is. */
  readonly environment?: Variables;
}

/** The shell's exit code of a program that a signal ended. */
const signalExitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const abnormalExitCode = 1;

/**
 * A stage that tells on `terminal`. `interruptions` tells of each signal that reached this process: programs run in a
 * session of their own, so that a Ctrl-C reaches them once, from here, and not a second time from the terminal.
 */
export function openStage(terminal: Pick<Terminal, 'print'>, interruptions: Interruptions): Stage {
  return {
    say: (text) => {
      terminal.print('', strong(text));
    },
    show: (text) => {
      terminal.print('', verbatim(text.trimEnd()));
    },
    run: async (program, programArguments, { shownAs, cwd, environment }) => {
      const interruption = interruptions.first();
      if (interruption !== undefined) return signalExitCodes[interruption] ?? abnormalExitCode;
      if (shownAs !== undefined) terminal.print('', command(`$ ${shownAs}`));
      const { child, ended } = startGroup(program, programArguments, {
        stdio: ['ignore', 'inherit', 'inherit'],
        cwd: cwd ?? process.cwd(),
        inherited: process.env,
        ...defined({ environment }),
      });
      const forget = interruptions.onSignal((signal) => child.kill(signal));
      try {
        const { code, signal } = await ended;
        return code ?? (signal === null ? undefined : signalExitCodes[signal]) ?? abnormalExitCode;
      } finally {
        forget();
      }
    },
  };
}

/** The signals that end a demo, collected so that it can clean up before it goes. */
export interface Interruptions {
  /** The first one that came. */
  first(): NodeJS.Signals | undefined;
  /** Calls back for each one from now on; the result stops that. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Gives the signals back to their defaults. */
  close(): void;
}

/** Takes SIGINT, SIGTERM and SIGHUP from their defaults. */
export function watchInterruptions(): Interruptions {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const listeners = new Set<(signal: NodeJS.Signals) => void>();
  let first: NodeJS.Signals | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    first ??= signal;
    for (const listener of listeners) listener(signal);
  };
  for (const signal of signals) process.on(signal, handle);
  return {
    first: () => first,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}

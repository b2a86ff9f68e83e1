import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../fixtures/until.ts';

const execute = promisify(execFile);

/** A real terminal with a shell in it, in a tmux server of its own. */
export interface TerminalSession {
  /** Types text as it is. */
  type(text: string): Promise<void>;
  /** Presses keys by tmux's names: `Enter`, `Down`, `C-c`. */
  press(...keys: readonly string[]): Promise<void>;
  /** What stands there now, the lines that have scrolled away included. */
  screen(): Promise<string>;
  /** Waits for a pattern on the screen and gives the screen. */
  shows(pattern: RegExp): Promise<string>;
  close(): Promise<void>;
}

export interface TerminalOptions {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly columns: number;
  readonly rows: number;
}

/** Opens it; close it whatever happens. */
export async function openTerminal(options: TerminalOptions): Promise<TerminalSession> {
  const { folder, variables, columns, rows } = options;
  const sockets = await mkdtemp(join(tmpdir(), 'run-plan-tmux-'));
  // These come from the test runner and would decide what a terminal decides.
  const deciding = ['FORCE_COLOR', 'NO_COLOR', 'CI', 'TMUX'];
  const inherited = Object.entries(process.env).filter(([name]) => !deciding.includes(name));
  const env = { ...Object.fromEntries(inherited), ...variables, LC_ALL: 'C.UTF-8' };
  const tmux = async (...words: readonly string[]): Promise<string> =>
    (await execute('tmux', ['-S', join(sockets, 'socket'), '-f', '/dev/null', ...words], { env })).stdout;
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', '-s', 'test', ...size, '-c', folder, "env PS1='$ ' bash --norc");
  const screen = (): Promise<string> => tmux('capture-pane', '-p', '-J', '-S', '-200', '-t', 'test');
  return {
    screen,
    type: async (text) => {
      await tmux('send-keys', '-t', 'test', '-l', text);
    },
    press: async (...keys) => {
      await tmux('send-keys', '-t', 'test', ...keys);
    },
    shows: async (pattern) => {
      let shown = '';
      try {
        return await until(String(pattern), async () => pattern.test((shown = await screen())) && shown);
      } catch {
        throw new Error(`${String(pattern)} was never shown:\n${shown}`);
      }
    },
    close: async () => {
      await tmux('kill-server').catch(() => undefined);
      await rm(sockets, { recursive: true, force: true });
    },
  };
}

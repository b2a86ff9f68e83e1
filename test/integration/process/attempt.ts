import type { CommandHost } from '../../../src/process/command-host.ts';
import type { Shell } from '../../../src/process/shell.ts';
import { createCommands, type BoundCommands } from '../../../src/process/create-commands.ts';
import { createProcessGroups, type ProcessGroups } from '../../../src/process/process-groups.ts';

/** Commands of a made-up attempt, with everything that they tell. */
export interface Attempt extends BoundCommands {
  readonly $: Shell;
  readonly groups: ProcessGroups;
  readonly abort: AbortController;
  readonly output: string[];
  readonly alive: Set<number>;
  readonly lives: () => number;
}

export function startAttempt(overrides: Partial<CommandHost> = {}): Attempt {
  const abort = new AbortController();
  const groups = createProcessGroups();
  const output: string[] = [];
  const alive = new Set<number>();
  let lives = 0;
  groups.watch({ started: (group) => alive.add(group), ended: (group) => alive.delete(group) });
  const bound = createCommands({
    signal: () => abort.signal,
    redact: (text) => text.replaceAll('sesame', '***'),
    groups,
    inherited: { PATH: process.env['PATH'], LC_ALL: 'C' },
    cwd: '/tmp',
    onLife: () => {
      lives += 1;
    },
    onOutput: (stream, line) => {
      output.push(`${stream}: ${line}`);
    },
    ...overrides,
  });
  return { ...bound, $: bound.commands.$, groups, abort, output, alive, lives: () => lives };
}

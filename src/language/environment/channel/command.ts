import { readVariables, type CommandVariables } from '../../command-variables.ts';
import type { WrittenAlertCommand } from '../../generated/environments.types.ts';
import type { Open } from '../../yaml/open.ts';
import type { ChannelKind, TakesMessages } from './channel.ts';

export interface CommandChannel extends TakesMessages {
  readonly kind: 'command';
  readonly command:
    | { readonly kind: 'run'; readonly script: string }
    | { readonly kind: 'argv'; readonly argv: readonly string[] };
  /** What it gets besides (`env:`). */
  readonly variables?: CommandVariables;
}

export const command: ChannelKind<WrittenAlertCommand, CommandChannel> = {
  tells: 'messages',
  read: ({ run, argv, env }, reference) => {
    const words = (argv ?? []).filter((word: string | Open | null) => word !== null);
    if (run === undefined && words.length === 0) return undefined;
    return {
      command: run === undefined ? { kind: 'argv', argv: words } : { kind: 'run', script: run },
      ...(env !== undefined && { variables: readVariables(env, (each, key) => reference(each, 'env', key)) }),
    };
  },
};

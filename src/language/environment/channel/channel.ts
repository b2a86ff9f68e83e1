import type { CommandVariables } from '../../command-variables.ts';
import type { SecretReference } from '../../secret-reference.ts';
import type { WrittenReference } from '../../written-reference.ts';
import type { MayBeOpen } from '../../yaml/open.ts';
import type { Path } from '../../yaml/yaml-document.ts';

/** What a message may be about. The order is their weight: the first that applies gives a message its title. */
export const alertEvents = [
  'failed',
  'objective-missed',
  'drift',
  'recovered',
  'drill-result',
  'sign-off-open',
  'warning',
] as const;

export type AlertEvent = (typeof alertEvents)[number];

/** What a ping may be about. */
export const pingEvents = ['start', 'success', 'fail'] as const;

export type PingEvent = (typeof pingEvents)[number];

/** What every way to tell people has. */
export interface AnyChannel {
  /** For people and records, unique among all environments: `prod webhook`, `prod email 2`. */
  readonly name: string;
  /** Only of runs of these plans; absent: of every plan that uses the environment. */
  readonly plans?: readonly string[];
  /** For one message with every further attempt. */
  readonly timeoutMs: number;
  /** How `run-plan alerts test` finds out that its message has arrived. */
  readonly proof?: {
    readonly run: string;
    readonly withinMs: number;
    readonly variables?: CommandVariables;
  };
}

/** A channel that people read. */
export interface TakesMessages extends AnyChannel {
  readonly events: readonly AlertEvent[];
}

/** A channel that counts heartbeats: of one thing, so that it is told of its own environment's runs alone. */
export interface TakesPings extends AnyChannel {
  readonly events: readonly PingEvent[];
}

/** What a kind of channel is in the file: how it is read, and what its schema cannot refuse. */
export interface ChannelKind<Written, Channel extends TakesMessages | TakesPings> {
  readonly tells: Channel extends TakesMessages ? 'messages' : 'pings';
  /**
   * What the kind has of its own, with its defaults. Where the file has problems required keys may be missing;
   * undefined when it cannot do without one of them. The order of the keys is part of a channel's key: add at the end.
   */
  readonly read: (
    written: MayBeOpen<Partial<Written>>,
    reference: References,
  ) => MayBeOpen<Own<Channel>> | undefined;
  /** What no receiver would understand, each at its place. */
  readonly faults?: (written: MayBeOpen<Partial<Written>>, path: Path) => readonly Fault[];
}

type Own<Channel> = Omit<Channel, keyof TakesMessages | 'kind'>;

/** Reads a secret that is written at keys below the channel's. */
export type References = (written: MayBeOpen<WrittenReference>, ...keys: string[]) => SecretReference;

export interface Fault {
  readonly message: string;
  readonly hint: string;
  readonly path: Path;
  readonly rule: string;
}

/** What a template may name in braces, beside `{secrets.NAME}`. */
export const templateNames = [
  'title',
  'text',
  'event',
  'action',
  'severity',
  'plan',
  'environment',
  'host',
  'run',
  'step',
  'code',
  'error',
  'hint',
  'since',
  'key',
  'at',
] as const;

export type TemplateName = (typeof templateNames)[number];

/** What braces in a template's texts name, each with the braces. */
export const placeholder = /\{(?<name>[a-z]+(?:\.[a-z0-9-]+)?)\}/g;

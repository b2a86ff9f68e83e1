import type { CommandVariables } from '../command-variables.ts';
import type { SecretReference } from '../secret-reference.ts';

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

export type PingEvent = 'start' | 'success' | 'fail';

/** What every way to tell people has. */
interface AnyChannel {
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

interface MessageChannel extends AnyChannel {
  readonly events: readonly AlertEvent[];
}

export interface WebhookChannel extends MessageChannel {
  readonly kind: 'webhook';
  readonly url: SecretReference;
  readonly format: 'slack' | 'discord' | 'teams' | 'ntfy' | 'json';
  /** Plain JSON with `{title}` and the like in its texts. */
  readonly template?: Readonly<Record<string, unknown>>;
  /** What the template names as `{secrets.NAME}`. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly headers: Readonly<Record<string, string | SecretReference>>;
  readonly sign?: { readonly secret: SecretReference; readonly header: string };
}

export interface EmailChannel extends MessageChannel {
  readonly kind: 'email';
  readonly to: readonly string[];
  /** Absent: run-plan at this host. */
  readonly from?: string;
  readonly smtp: SmtpServer;
}

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: SecretReference;
  readonly tls: 'starttls' | 'implicit' | 'opportunistic' | 'none';
  /** Path of a CA certificate. */
  readonly ca?: string;
}

export interface PingChannel extends AnyChannel {
  readonly kind: 'ping';
  readonly url: SecretReference;
  /** Addresses of their own. When one is given, nothing is added to any address. */
  readonly start?: SecretReference;
  readonly fail?: SecretReference;
  readonly events: readonly PingEvent[];
}

export interface CommandChannel extends MessageChannel {
  readonly kind: 'command';
  readonly command:
    | { readonly kind: 'run'; readonly script: string }
    | { readonly kind: 'argv'; readonly argv: readonly string[] };
  /** What it gets besides (`env:`). */
  readonly variables?: CommandVariables;
}

/** One way to tell people how a run went, every secret still a reference. Plain data. */
export type AlertChannel = WebhookChannel | EmailChannel | PingChannel | CommandChannel;

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

import type { AlertEvent, PingEvent } from '../../language/environment/channel/channel.ts';
import { renderDuration } from '../../base/quantity/duration.ts';

/** What is told, before any channel gives it its form. Every text is redacted; times are ISO 8601 in UTC. */
export interface AlertMessage {
  /** What it is about, the weightiest first: a channel takes it when it wants any of these. */
  readonly events: readonly [AlertEvent | 'test', ...(AlertEvent | 'test')[]];
  readonly severity: 'critical' | 'warning' | 'info';
  /** One line that says all that a lock screen shows. */
  readonly title: string;
  readonly plan: string;
  readonly environment: string;
  readonly host: string;
  readonly at: string;
  readonly run?: string;
  readonly step?: string;
  /** The failure's stable word. */
  readonly code?: string;
  /** When it began, and how often it has been so since. */
  readonly since?: { readonly at: string; readonly count: number };
  /** The newest artifact that could be restored now, in words. */
  readonly lastGood?: string;
  /** The first lines of the error, or what a drill found, or the warnings. */
  readonly lines: readonly string[];
  /** What can be done about it, in a sentence. */
  readonly hint?: string;
  /** To be typed on the host. */
  readonly commands: readonly string[];
  /** The same for the same thing: what repeats are folded by, and what an incident tool groups by. */
  readonly key: string;
  /** Of a test: what proves that this very message has arrived. */
  readonly token?: string;
}

/** What a ping tells. */
export interface Ping {
  readonly event: PingEvent | 'test';
  readonly plan: string;
  readonly run: string;
  /** The end of the log; of a long one a receiver may get the last part alone. */
  readonly log: string;
}

/** Name and text of what a person needs besides the lines, in the order of reading. */
export function factsOf(message: AlertMessage): readonly (readonly [name: string, text: string])[] {
  const { plan, step, environment, host, run, since, lastGood, token } = message;
  return [
    ['plan', step === undefined ? plan : `${plan}, step ${step}`],
    ['environment', environment],
    ['host', host],
    ...(since === undefined ? [] : [['since', sinceWords(since)] as const]),
    ...(lastGood === undefined ? [] : [['last good', lastGood] as const]),
    ...(run === undefined ? [] : [['run', run] as const]),
    ...(token === undefined ? [] : [['token', token] as const]),
  ];
}

function sinceWords({ at, count }: NonNullable<AlertMessage['since']>): string {
  return `${timeWords(at)}${count < 2 ? '' : `, ${String(count)} times`}`;
}

/** `2026-11-24 02:00 UTC`. */
export function timeWords(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** `3h 12m old`. */
export function ageWords(at: Date, now: Date): string {
  return `${renderDuration(Math.max(0, now.getTime() - at.getTime()))} old`;
}

/** Cuts a text so that no more than `most` characters are left, and says so by an ellipsis. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

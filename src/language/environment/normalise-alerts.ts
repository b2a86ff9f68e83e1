import { defined } from '../../base/defined.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import type {
  WrittenAlert,
  WrittenAlertCommand,
  WrittenEmail,
  WrittenPing,
  WrittenWebhook,
} from '../generated/environments.types.ts';
import { positionOf, type Path, type YamlDocument } from '../yaml/yaml-document.ts';
import { readVariables } from '../command-variables.ts';
import type { SecretReference } from '../secret-reference.ts';
import { readReference, type WrittenReference } from '../written-reference.ts';
import {
  alertEvents,
  type AlertChannel,
  type AlertEvent,
  type CommandChannel,
  type EmailChannel,
  type PingChannel,
  type WebhookChannel,
} from './alert.ts';

const standardTimeoutMs = 30_000;
const standardProofMs = 120_000;
/** The port of mail submission (RFC 6409). */
const submissionPort = 587;

type References = (written: WrittenReference, ...keys: string[]) => SecretReference;

/**
 * The channels of an environment with their defaults. Where the file has problems a channel without what it cannot do
 * without is left out: the others are still to be told that something is wrong.
 */
export function normaliseAlerts(
  environment: string,
  written: readonly (WrittenAlert | null)[],
  document: YamlDocument,
): readonly AlertChannel[] {
  const counts = new Map<string, number>();
  return written.flatMap((alert, index) => {
    const [kind] = Object.keys(alert ?? {});
    if (alert === null || kind === undefined) return [];
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${environment} ${kind}${count === 1 ? '' : ` ${String(count)}`}`;
    const path: Path = ['environments', environment, 'alerts', index, kind];
    const reference: References = (each, ...keys) =>
      readReference(each, positionOf(document, [...path, ...keys]));
    return channelOf(name, alert, reference) ?? [];
  });
}

function channelOf(name: string, alert: WrittenAlert, reference: References): AlertChannel | undefined {
  if (alert.webhook !== undefined) return webhook(name, alert.webhook, reference);
  if (alert.email !== undefined) return email(name, alert.email, reference);
  if (alert.ping !== undefined) return ping(name, alert.ping, reference);
  return alert.command === undefined ? undefined : command(name, alert.command, reference);
}

/** Required keys may be missing where the file has problems. */
function webhook(
  name: string,
  written: Partial<WrittenWebhook>,
  reference: References,
): WebhookChannel | undefined {
  const { url, format, template, secrets, headers, sign } = written;
  if (url === undefined) return undefined;
  return {
    kind: 'webhook',
    ...common(name, written, reference),
    events: eventsOf(written.events),
    url: reference(url, 'url'),
    format: format ?? 'json',
    ...(template !== undefined && { template: { ...template } }),
    secrets: Object.fromEntries(
      entriesOf(secrets).map(([key, each]) => [key, reference(each, 'secrets', key)]),
    ),
    headers: Object.fromEntries(
      entriesOf(headers).map(([key, each]) => [
        key,
        typeof each === 'string' ? each : reference(each, 'headers', key),
      ]),
    ),
    ...(sign !== undefined && {
      sign: { secret: reference(sign.secret, 'sign', 'secret'), header: sign.header ?? 'x-signature-256' },
    }),
  };
}

function email(
  name: string,
  written: Partial<WrittenEmail>,
  reference: References,
): EmailChannel | undefined {
  const { to, from, smtp } = written;
  const receivers = (to ?? []).filter((each: string | null) => each !== null);
  const host: string | undefined = smtp?.host;
  if (receivers.length === 0 || smtp === undefined || host === undefined) return undefined;
  const { user, password, ca } = smtp;
  const isImplicit = smtp.port === 465;
  return {
    kind: 'email',
    ...common(name, written, reference),
    events: eventsOf(written.events),
    to: receivers,
    ...defined({ from }),
    smtp: {
      host,
      port: smtp.port ?? (smtp.tls === 'implicit' ? 465 : submissionPort),
      ...defined({ user }),
      ...(password !== undefined && { password: reference(password, 'smtp', 'password') }),
      tls: smtp.tls ?? (isImplicit ? 'implicit' : password === undefined ? 'opportunistic' : 'starttls'),
      ...defined({ ca }),
    },
  };
}

function ping(name: string, written: Partial<WrittenPing>, reference: References): PingChannel | undefined {
  const { url, start, fail, events } = written;
  if (url === undefined) return undefined;
  return {
    kind: 'ping',
    ...common(name, written, reference),
    events: events ?? ['start', 'success', 'fail'],
    url: reference(url, 'url'),
    ...(start !== undefined && { start: reference(start, 'start') }),
    ...(fail !== undefined && { fail: reference(fail, 'fail') }),
  };
}

function command(
  name: string,
  written: Partial<WrittenAlertCommand>,
  reference: References,
): CommandChannel | undefined {
  const { run, argv, env } = written;
  const words = (argv ?? []).filter((word: string | null) => word !== null);
  if (run === undefined && words.length === 0) return undefined;
  return {
    kind: 'command',
    ...common(name, written, reference),
    events: eventsOf(written.events),
    command: run === undefined ? { kind: 'argv', argv: words } : { kind: 'run', script: run },
    ...(env !== undefined && { variables: readVariables(env, (each, key) => reference(each, 'env', key)) }),
  };
}

type WrittenCommon = Partial<Pick<WrittenPing, 'plans' | 'timeout' | 'proof'>>;

function common(
  name: string,
  { plans, timeout, proof }: WrittenCommon,
  reference: References,
): Pick<AlertChannel, 'name' | 'plans' | 'timeoutMs' | 'proof'> {
  const run: string | undefined = proof?.run;
  const env = proof?.env;
  return {
    name,
    ...(plans !== undefined && { plans: plans.filter((plan: string | null) => plan !== null) }),
    timeoutMs: parseDuration(timeout ?? '') ?? standardTimeoutMs,
    ...(run !== undefined && {
      proof: {
        run,
        withinMs: parseDuration(proof?.within ?? '') ?? standardProofMs,
        ...(env !== undefined && {
          variables: readVariables(env, (each, key) => reference(each, 'proof', 'env', key)),
        }),
      },
    }),
  };
}

function eventsOf(written: readonly (AlertEvent | null)[] | undefined): readonly AlertEvent[] {
  return (written ?? alertEvents).filter((event) => event !== null);
}

function entriesOf<T>(
  record: Readonly<Record<string, T | undefined>> | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(record ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

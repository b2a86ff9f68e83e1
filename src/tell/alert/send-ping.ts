import { createHash } from 'node:crypto';
import type { PingChannel } from '../../language/environment/channel/ping.ts';
import type { HttpAnswer } from '../../base/http/request.ts';
import type { SecretReference, Secrets } from '../../language/secret-reference.ts';
import { addressOf, attemptRequest } from './http-attempt.ts';
import type { Ping } from './message.ts';
import { sendWithin, type Sent, type Surroundings } from './sending.ts';

/** Of the log's end, as much as healthchecks.io keeps. */
const logBytes = 10_000;

/** What healthchecks.io wants at the end of its address. */
const suffixes = { start: '/start', success: '', fail: '/fail', test: '/log' } as const;

/** Sends a ping; of an address that is not for this event nothing is sent, and undefined given. Never rejects. */
export async function sendPing(
  channel: PingChannel,
  ping: Ping,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent | undefined> {
  const reference = referenceOf(channel, ping.event);
  if (reference === undefined) return undefined;
  let url: Promise<URL> | undefined;
  return sendWithin(channel.timeoutMs, surroundings, signal, async (ends) => {
    url ??= pingAddress(channel, reference, ping, surroundings.secrets);
    const request = {
      url: await url,
      method: 'POST',
      headers: { 'user-agent': 'run-plan', 'content-type': 'text/plain; charset=utf-8' },
      body: surroundings.redact(ending(ping.log)),
    } as const;
    return attemptRequest(request, ends, refusal);
  });
}

function referenceOf(channel: PingChannel, event: Ping['event']): SecretReference | undefined {
  if (!hasOwnAddresses(channel)) return channel.url;
  if (event === 'start') return channel.start;
  return event === 'fail' ? channel.fail : channel.url;
}

function hasOwnAddresses({ start, fail }: PingChannel): boolean {
  return start !== undefined || fail !== undefined;
}

async function pingAddress(
  channel: PingChannel,
  reference: SecretReference,
  { event, plan, run }: Ping,
  secrets: Secrets,
): Promise<URL> {
  const url = addressOf(await secrets.resolve(reference), reference.position);
  // Braces come out of URL's parser percent-encoded.
  url.pathname = url.pathname.replaceAll('%7Bplan%7D', plan).replaceAll('{plan}', plan);
  if (hasOwnAddresses(channel)) return url;
  url.pathname = url.pathname.replace(/\/$/, '') + suffixes[event];
  url.searchParams.set('rid', runUuid(run));
  return url;
}

/** A UUID that is the run's own (version 8, RFC 9562): healthchecks.io takes nothing else, and joins start and end by it. */
function runUuid(run: string): string {
  const hex = createHash('sha256').update(run).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function ending(log: string): string {
  const bytes = Buffer.from(log);
  if (bytes.length <= logBytes) return log;
  const tail = bytes.subarray(-logBytes).toString('utf8');
  return tail.slice(tail.indexOf('\n') + 1);
}

/** healthchecks.io says `OK (not found)` of a check that it does not know, and `OK (rate limited)`, with status 200. */
function refusal({ body }: HttpAnswer): string | undefined {
  return /^OK \((?<why>[^)]+)\)/.exec(body.trim())?.groups?.['why'];
}

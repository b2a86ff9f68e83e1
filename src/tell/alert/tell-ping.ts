import type { PingChannel } from '../../language/environment/alert.ts';
import type { ToldAlert } from './ledger.ts';
import { sendPing, type Ping } from './send-ping.ts';
import type { Surroundings } from './sending.ts';

/** Sends a ping as the record has it; undefined when the channel has no address for it. Never rejects. */
export async function tellPing(
  channel: PingChannel,
  ping: Ping,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<ToldAlert | undefined> {
  const sent = await sendPing(channel, ping, surroundings, signal);
  if (sent === undefined) return undefined;
  const { ok, attempts, durationMs, text } = sent;
  const outcome = ok ? 'delivered' : 'undelivered';
  return { channel: channel.name, event: ping.event, outcome, attempts, durationMs, text };
}

import type {
  AlertChannel,
  ChannelOf,
  HeartbeatChannel,
  MessageChannel,
} from '../../language/environment/channel/kinds.ts';
import { takesMessages } from '../../language/environment/channel/kinds.ts';
import type { AlertMessage, Ping } from './message.ts';
import { renderText } from './format/text.ts';
import type { Sent, Surroundings } from './sending.ts';

/** How a kind's channels are told; undefined where a channel has no address for a ping. Never rejects. */
type Send<Channel, Told, Result> = (
  channel: Channel,
  told: Told,
  surroundings: Surroundings,
  signal: AbortSignal,
) => Promise<Result>;

type SendMessage<Channel> = Send<Channel, AlertMessage, Sent>;
type SendPing<Channel> = Send<Channel, Ping, Sent | undefined>;

/** Every kind's sender; its code is loaded when it is needed. */
const senders: {
  readonly [Kind in AlertChannel['kind']]: () => Promise<
    ChannelOf<Kind> extends MessageChannel ? SendMessage<ChannelOf<Kind>> : SendPing<ChannelOf<Kind>>
  >;
} = {
  webhook: async () => (await import('./send-webhook.ts')).sendWebhook,
  email: async () => (await import('./send-email.ts')).sendEmail,
  ping: async () => (await import('./send-ping.ts')).sendPing,
  command: async () => (await import('./send-command.ts')).sendCommand,
};

/** Sends a message through one channel. Never rejects. */
export async function sendMessage(
  channel: MessageChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  // A kind's row takes that kind's channels, which the type of a union does not say.
  const send = (await senders[channel.kind]()) as SendMessage<MessageChannel>;
  return send(channel, message, surroundings, signal);
}

/** Sends a ping; of an address that is not for this event nothing is sent, and undefined given. Never rejects. */
export async function sendPing(
  channel: HeartbeatChannel,
  ping: Ping,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent | undefined> {
  const send = await senders[channel.kind]();
  return send(channel, ping, surroundings, signal);
}

/** Sends a test: a message, or a ping that changes nothing where the service has one. Never rejects. */
export async function sendTest(
  channel: AlertChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  if (takesMessages(channel)) return sendMessage(channel, message, surroundings, signal);
  const ping = {
    event: 'test',
    plan: message.plan,
    run: message.token ?? '',
    log: renderText(message),
  } as const;
  const sent = await sendPing(channel, ping, surroundings, signal);
  return sent ?? { ok: false, attempts: 0, durationMs: 0, text: 'it has no address for a test' };
}

/** Whether a channel wants a message. */
export function wants(channel: MessageChannel, { events }: AlertMessage): boolean {
  return events.some((event) => event === 'test' || channel.events.includes(event));
}

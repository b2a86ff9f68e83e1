import type {
  AlertChannel,
  CommandChannel,
  EmailChannel,
  WebhookChannel,
} from '../../language/environment/alert.ts';
import type { AlertMessage } from './message.ts';
import { renderText } from './format/text.ts';
import { sendPing } from './send-ping.ts';
import type { Sent, Surroundings } from './sending.ts';

/** Channels that take messages. */
export type MessageChannel = WebhookChannel | EmailChannel | CommandChannel;

export function takesMessages(channel: AlertChannel): channel is MessageChannel {
  return channel.kind !== 'ping';
}

/** Sends a message through one channel; each kind's code is loaded when it is needed. Never rejects. */
export async function sendMessage(
  channel: MessageChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  switch (channel.kind) {
    case 'webhook': {
      const { sendWebhook } = await import('./send-webhook.ts');
      return sendWebhook(channel, message, surroundings, signal);
    }
    case 'email': {
      const { sendEmail } = await import('./send-email.ts');
      return sendEmail(channel, message, surroundings, signal);
    }
    case 'command': {
      const { sendCommand } = await import('./send-command.ts');
      return sendCommand(channel, message, surroundings, signal);
    }
  }
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

import { createHmac } from 'node:crypto';
import type { WebhookChannel } from '../../language/environment/channel/webhook.ts';
import { sentHeaders } from '../../base/http/address.ts';
import type { HttpAnswer } from '../../base/http/request.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { renderDiscord } from './format/discord.ts';
import { fillTemplate, renderJson, templateValues } from './format/json.ts';
import { renderNtfy } from './format/ntfy.ts';
import { renderSlack } from './format/slack.ts';
import { renderTeams } from './format/teams.ts';
import { addressOf, attemptRequest, type AlertRequest } from './http-attempt.ts';
import type { AlertMessage } from './message.ts';
import { sendWithin, type Sent, type Surroundings } from './sending.ts';

/** Sends a message to a webhook in the shape that its service wants. Never rejects. */
export function sendWebhook(
  channel: WebhookChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  let request: Promise<AlertRequest> | undefined;
  return sendWithin(channel.timeoutMs, surroundings, signal, async (ends) => {
    request ??= requestOf(channel, message, surroundings.secrets);
    return attemptRequest(await request, ends, channel.format === 'slack' ? slackRefusal : undefined);
  });
}

async function requestOf(
  channel: WebhookChannel,
  message: AlertMessage,
  secrets: Secrets,
): Promise<AlertRequest> {
  const { headers, body } = await contentOf(channel, message, secrets);
  const own = Object.entries(channel.headers).map(
    async ([name, value]) =>
      [name, typeof value === 'string' ? value : (await secrets.resolve(value)).reveal()] as const,
  );
  return {
    url: addressOf(await secrets.resolve(channel.url), channel.url.position),
    method: 'POST',
    headers: {
      'user-agent': 'run-plan',
      ...headers,
      ...sentHeaders(Object.fromEntries(await Promise.all(own))),
      ...(channel.sign !== undefined && {
        [channel.sign.header.toLowerCase()]: signature(
          body,
          (await secrets.resolve(channel.sign.secret)).reveal(),
        ),
      }),
    },
    body,
  };
}

async function contentOf(
  { format, template, secrets: named }: WebhookChannel,
  message: AlertMessage,
  secrets: Secrets,
): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: string }> {
  if (format === 'ntfy') return renderNtfy(message);
  const json = (
    value: unknown,
  ): { readonly headers: Readonly<Record<string, string>>; readonly body: string } => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
  switch (format) {
    case 'slack':
      return json(renderSlack(message));
    case 'discord':
      return json(renderDiscord(message));
    case 'teams':
      return json(renderTeams(message));
    case 'json': {
      if (template === undefined) return json(renderJson(message));
      const resolved = Object.entries(named).map(
        async ([name, each]) => [`secrets.${name}`, (await secrets.resolve(each)).reveal()] as const,
      );
      const values = { ...templateValues(message), ...Object.fromEntries(await Promise.all(resolved)) };
      return json(fillTemplate(template, values));
    }
  }
}

function signature(body: string, key: string): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
}

/** Slack says ok; an archived channel or a switched-off app has been seen to answer 200 with another word. */
function slackRefusal({ body }: HttpAnswer): string | undefined {
  return /^(invalid|no_|channel_|action_|posting_|team_|too_many)/.test(body.trim())
    ? 'Slack refused it'
    : undefined;
}

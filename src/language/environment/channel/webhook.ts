import { defaults } from '../../generated/environments.defaults.ts';
import type { WrittenWebhook } from '../../generated/environments.types.ts';
import type { SecretReference } from '../../secret-reference.ts';
import { didYouMean } from '../../yaml/did-you-mean.ts';
import { Open, type MayBeOpen } from '../../yaml/open.ts';
import type { Path } from '../../yaml/yaml-document.ts';
import { placeholder, templateNames, type ChannelKind, type Fault, type TakesMessages } from './channel.ts';

const usual = defaults.environments.alerts.webhook;

export interface WebhookChannel extends TakesMessages {
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

export const webhook: ChannelKind<WrittenWebhook, WebhookChannel> = {
  tells: 'messages',
  read: ({ url, format, template, secrets, headers, sign }, reference) => {
    if (url === undefined) return undefined;
    return {
      url: reference(url, 'url'),
      format: format ?? usual.format,
      ...(template !== undefined && { template: { ...template } }),
      secrets: Object.fromEntries(
        entriesOf(secrets).map(([key, each]) => [key, reference(each, 'secrets', key)]),
      ),
      headers: Object.fromEntries(
        entriesOf(headers).map(([key, each]) => [
          key,
          typeof each === 'string' || each instanceof Open ? each : reference(each, 'headers', key),
        ]),
      ),
      ...(sign !== undefined && {
        sign: { secret: reference(sign.secret, 'sign', 'secret'), header: sign.header ?? usual.sign.header },
      }),
    };
  },
  faults: templateFaults,
};

function templateFaults(written: MayBeOpen<Partial<WrittenWebhook>>, path: Path): readonly Fault[] {
  if (written.template === undefined) return [];
  const { format = usual.format, template, secrets = {} } = written;
  const rule = 'alert-template';
  const own = [...path, 'template'];
  if (format instanceof Open) return [];
  if (format !== 'json')
    return [
      {
        message: `a template is for format json, and this webhook has ${format}`,
        hint: 'leave one of the two out',
        path: own,
        rule,
      },
    ];
  const known = [...templateNames, ...Object.keys(secrets).map((name) => `secrets.${name}`)];
  return textsIn(template, own).flatMap(({ text, path: at }) =>
    [...text.matchAll(placeholder)]
      .map(({ groups }) => groups?.['name'] ?? '')
      .filter((name) => !known.includes(name))
      .map((name) => ({
        message: `the template names {${name}}, which no message has${didYouMean(name, known)}`,
        hint: `it may name ${known.map((each) => `{${each}}`).join(', ')}`,
        path: at,
        rule,
      })),
  );
}

function textsIn(value: unknown, path: Path): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => textsIn(item, [...path, key]));
}

function entriesOf<T>(
  record: Readonly<Record<string, T | undefined>> | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(record ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
}

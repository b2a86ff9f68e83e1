import type { Problem } from '../problem.ts';
import { refusal } from '../command-variables.ts';
import type { WrittenAlert, WrittenAlertCommand } from '../generated/environments.types.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import { placeholder, templateNames } from './alert.ts';

interface Fault {
  readonly message: string;
  readonly hint: string;
  readonly path: Path;
  readonly rule?: string;
}

/** What no receiver would understand, each at its place: found here, and not at night by a message that is not sent. Pure. */
export function checkAlerts(
  environment: string,
  written: readonly (WrittenAlert | null)[],
  document: YamlDocument,
): readonly Problem[] {
  const faults = written.flatMap((alert, index) => {
    const path: Path = ['environments', environment, 'alerts', index];
    return [
      ...templateFaults(alert?.webhook, [...path, 'webhook']),
      ...Object.entries(alert ?? {}).flatMap(([kind, channel]) => variableFaults(channel, [...path, kind])),
    ];
  });
  return faults.map(({ path, ...told }) => ({
    file: document.file,
    ...document.placeOfKey(path),
    severity: 'error',
    rule: 'alert-template',
    ...told,
  }));
}

/** Variables of commands that nobody may give them. */
function variableFaults(channel: unknown, path: Path): readonly Fault[] {
  const { env = {}, proof } = (channel ?? {}) as Pick<WrittenAlertCommand, 'env' | 'proof'>;
  return [
    { names: Object.keys(env), at: [...path, 'env'] },
    { names: Object.keys(proof?.env ?? {}), at: [...path, 'proof', 'env'] },
  ].flatMap(({ names, at }) =>
    names.flatMap((name) => {
      const refused = refusal(name);
      return refused === undefined ? [] : [{ ...refused, path: [...at, name], rule: 'command-env' }];
    }),
  );
}

function templateFaults(webhook: WrittenAlert['webhook'], path: Path): readonly Fault[] {
  if (webhook?.template === undefined) return [];
  const { format = 'json', template, secrets = {} } = webhook;
  const own = [...path, 'template'];
  if (format !== 'json')
    return [
      {
        message: `a template is for format json, and this webhook has ${format}`,
        hint: 'leave one of the two out',
        path: own,
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
      })),
  );
}

function textsIn(value: unknown, path: Path): readonly { readonly text: string; readonly path: Path }[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => textsIn(item, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => textsIn(item, [...path, key]));
}

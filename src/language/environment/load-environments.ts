import type { Problem } from '../problem.ts';
import type {
  WrittenEnvironments,
  WrittenAlert,
  WrittenAlertCommand,
} from '../generated/environments.types.ts';
import { validate } from '../generated/environments.validate.ts';
import { checkShape, type EnvironmentVariables, type MissingVariable } from '../yaml/shape.ts';
import type { Source } from '../yaml/source.ts';
import { readYaml, type YamlDocument, type Path } from '../yaml/yaml-document.ts';
import type { Bucket } from './bucket.ts';
import type { Environment } from './environment.ts';
import { checkBucket } from './check-buckets.ts';
import { connectBucket } from './bucket-connection.ts';
import { normaliseBucket, ownConnection } from './normalise-bucket.ts';
import { normaliseEnvironment } from './normalise-environment.ts';
import { refusal } from '../command-variables.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import { placeholder, templateNames } from './alert.ts';

/** The file of environments and buckets, as far as it could be understood. */
export interface EnvironmentsFile {
  /** Absent when there is no such file or it is no YAML. */
  readonly document?: YamlDocument;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly buckets: ReadonlyMap<string, Bucket>;
  /** Variables without which an environment cannot be used, of all environments. */
  readonly missing: readonly MissingVariable[];
  readonly problems: readonly Problem[];
}

/** Parses and checks the environments' file; every mistake becomes a problem. Pure. */
export function parseEnvironments(source: Source, variables: EnvironmentVariables): EnvironmentsFile {
  const { document, problems } = readYaml(source);
  if (document === undefined) return nothing(problems);
  const shape = checkShape(document, document.value, validate, { variables });
  const written = shape.value as Partial<WrittenEnvironments>;
  const environments = new Map(
    entriesOf(written.environments).map(
      ([name, environment]) => [name, normaliseEnvironment(name, environment, document)] as const,
    ),
  );
  const checked = entriesOf(written.buckets).map(([name, bucket]) => {
    const connection = connectBucket(name, ownConnection(name, bucket, document), environments.values());
    return { bucket: normaliseBucket(name, bucket, connection, document), connection, environments };
  });
  return {
    document,
    environments,
    buckets: new Map(checked.map(({ bucket }) => [bucket.name, bucket])),
    missing: shape.missing,
    problems: [
      ...shape.problems,
      ...entriesOf(written.environments).flatMap(([name, { alerts }]) =>
        alerts === undefined ? [] : checkAlerts(name, alerts, document),
      ),
      ...checked.flatMap((each) => checkBucket(each, document)),
    ],
  };
}

/** An environments' file that says nothing. */
export function nothing(problems: readonly Problem[]): EnvironmentsFile {
  return { environments: new Map(), buckets: new Map(), missing: [], problems };
}

function entriesOf<T>(
  record: Readonly<Record<string, T | undefined>> | undefined,
): readonly (readonly [string, T])[] {
  return Object.entries(record ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const],
  );
}

interface Fault {
  readonly message: string;
  readonly hint: string;
  readonly path: Path;
  readonly rule?: string;
}

/** What no receiver would understand, each at its place: found here, and not at night by a message that is not sent. Pure. */
function checkAlerts(
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

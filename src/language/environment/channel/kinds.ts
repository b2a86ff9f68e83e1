import { durationOf, parseDuration } from '../../../base/quantity/duration.ts';
import { readVariables, refusal } from '../../command-variables.ts';
import { defaults } from '../../generated/environments.defaults.ts';
import type { WrittenAlert, WrittenAlertCommand, WrittenPing } from '../../generated/environments.types.ts';
import type { Problem } from '../../problem.ts';
import { readReference } from '../../written-reference.ts';
import { Open, openIn, type MayBeOpen } from '../../yaml/open.ts';
import { positionOf, type Path, type YamlDocument } from '../../yaml/yaml-document.ts';
import {
  alertEvents,
  pingEvents,
  type AnyChannel,
  type ChannelKind,
  type Fault,
  type References,
  type TakesMessages,
} from './channel.ts';
import { command } from './command.ts';
import { email } from './email.ts';
import { ping } from './ping.ts';
import { webhook } from './webhook.ts';

/** Every kind of channel by its key in the file, in the order in which people are shown them. */
const kinds = { webhook, email, ping, command };

type Kind = keyof typeof kinds;
type ChannelIn<Row> = Row extends ChannelKind<never, infer Channel> ? Channel : never;

/** A channel of one kind. */
export type ChannelOf<K extends Kind> = ChannelIn<(typeof kinds)[K]>;

/** One way to tell people how a run went, every secret still a reference. Plain data. */
export type AlertChannel = { [K in Kind]: ChannelOf<K> }[Kind];

/** A channel as it was written: any of its values may be open. */
export type DeclaredChannel = MayBeOpen<AlertChannel>;

/** Whether every value of a channel is known: only then somebody can be told through it. */
export function isKnown(channel: DeclaredChannel): channel is AlertChannel {
  return openIn(channel).length === 0;
}

/** Channels that people read. */
export type MessageChannel = Extract<AlertChannel, TakesMessages>;

/** Channels that count heartbeats. */
export type HeartbeatChannel = Exclude<AlertChannel, MessageChannel>;

/** The kinds' keys. */
export const channelKinds = Object.keys(kinds) as readonly Kind[];

/** Whether people read it; otherwise it counts heartbeats. */
export function takesMessages(channel: AlertChannel): channel is MessageChannel {
  return kinds[channel.kind].tells === 'messages';
}

/** What a channel is told unless it says. */
const allEvents = { messages: alertEvents, pings: pingEvents } as const;

/**
 * The channels of an environment with their defaults. Where the file has problems a channel without what it cannot do
 * without is left out: the others are still to be told that something is wrong.
 */
export function normaliseAlerts(
  environment: string,
  written: readonly MayBeOpen<WrittenAlert | null>[],
  document: YamlDocument,
): readonly DeclaredChannel[] {
  const counts = new Map<string, number>();
  return written.flatMap((alert, index) => {
    const [kind] = kindsIn(alert);
    if (kind === undefined) return [];
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${environment} ${kind}${count === 1 ? '' : ` ${String(count)}`}`;
    const path: Path = ['environments', environment, 'alerts', index, kind];
    const reference: References = (each, ...keys) =>
      readReference(each, positionOf(document, [...path, ...keys]));
    return channelOf(kind, name, alert?.[kind] ?? {}, reference) ?? [];
  });
}

/** The kinds that an entry names: one, where the file has no problems. */
function kindsIn(alert: MayBeOpen<WrittenAlert | null>): readonly Kind[] {
  return Object.keys(alert ?? {}).flatMap((key) => channelKinds.find((kind) => kind === key) ?? []);
}

/** A row of the table, whose kind only the entry in the file knows. */
interface AnyKind {
  readonly tells: keyof typeof allEvents;
  readonly read: (written: never, reference: References) => object | undefined;
  readonly faults?: (written: never, path: Path) => readonly Fault[];
}

function channelOf(
  kind: Kind,
  name: string,
  written: WrittenCommon,
  reference: References,
): DeclaredChannel | undefined {
  const { tells, read }: AnyKind = kinds[kind];
  const own = read(written as never, reference);
  if (own === undefined) return undefined;
  const events = (written.events ?? allEvents[tells]).filter((event) => event !== null);
  // The row has read what its kind has of its own, so that together they are one of its channels.
  const channel: object = { kind, ...common(kind, name, written, reference), events, ...own };
  return channel as DeclaredChannel;
}

/** What every kind may say. */
interface WrittenCommon extends MayBeOpen<Partial<Pick<WrittenPing, 'plans' | 'timeout' | 'proof'>>> {
  readonly events?: readonly (string | Open | null)[];
}

function common(
  kind: Kind,
  name: string,
  { plans, timeout, proof }: WrittenCommon,
  reference: References,
): MayBeOpen<AnyChannel> {
  const run: string | Open | undefined = proof?.run;
  const env = proof?.env;
  const usual = defaults.environments.alerts[kind];
  return {
    name,
    ...(plans !== undefined && { plans: plans.filter((plan: string | Open | null) => plan !== null) }),
    timeoutMs: duration(timeout, usual.timeout),
    ...(run !== undefined && {
      proof: {
        run,
        withinMs: duration(proof?.within, usual.proof.within),
        ...(env !== undefined && {
          variables: readVariables(env, (each, key) => reference(each, 'proof', 'env', key)),
        }),
      },
    }),
  };
}

function duration(text: string | Open | undefined, usual: string): number | Open {
  if (text instanceof Open) return text;
  return (text === undefined ? undefined : parseDuration(text)) ?? durationOf(usual);
}

/** What no receiver would understand, each at its place: found here, and not at night by a message that is not sent. Pure. */
export function checkAlerts(
  environment: string,
  written: readonly MayBeOpen<WrittenAlert | null>[],
  document: YamlDocument,
): readonly Problem[] {
  const faults = written.flatMap((alert, index) =>
    kindsIn(alert).flatMap((kind) => {
      const path: Path = ['environments', environment, 'alerts', index, kind];
      const row: AnyKind = kinds[kind];
      const own = alert?.[kind] ?? {};
      return [...(row.faults?.(own as never, path) ?? []), ...variableFaults(own, path)];
    }),
  );
  return faults.map(({ path, rule, message, hint }) => ({
    file: document.file,
    ...document.placeOfKey(path),
    severity: 'error',
    rule,
    message,
    hint,
  }));
}

/** Variables of commands that nobody may give them. */
function variableFaults(
  { env = {}, proof }: MayBeOpen<Pick<WrittenAlertCommand, 'env' | 'proof'>>,
  path: Path,
): readonly Fault[] {
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

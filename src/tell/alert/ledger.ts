import type { AlertState, Repeat } from '../../language/generated/alert-state.types.ts';
import type { HeartbeatChannel, MessageChannel } from '../../language/environment/channel/kinds.ts';
import { channelKey } from './channel-key.ts';
import { composeRecovery } from './compose-run.ts';
import { pruneRepeats, quietUntil, remember, type Pace } from './fold.ts';
import { timeWords, type AlertMessage, type Ping } from './message.ts';
import { sendMessage, sendPing, wants } from './send.ts';
import type { Surroundings } from './sending.ts';

/** One message or ping to one channel, as the run's record has it. */
export interface ToldAlert {
  readonly channel: string;
  readonly event: string;
  readonly outcome: 'delivered' | 'undelivered' | 'folded';
  readonly attempts: number;
  readonly durationMs: number;
  readonly text: string;
}

/** Tells messages to channels and remembers what was told, so that repeats are folded. */
export interface Ledger {
  /** Tells one channel all that it wants, one after the other. Never rejects. */
  tell(
    channel: MessageChannel,
    messages: readonly AlertMessage[],
    signal: AbortSignal,
  ): Promise<readonly ToldAlert[]>;
  /** What to remember: of these channels alone. */
  memory(channels: readonly MessageChannel[]): Pick<AlertState, 'repeats' | 'owed'>;
}

/** Whose state it is. */
export interface LedgerPlan {
  readonly plan: string;
  readonly environment: string;
  /** Failures that come after this are new ones. */
  readonly hasRecovered: boolean;
}

/** What is known of a plan goes on from its state. */
export function createLedger(
  state: AlertState,
  surroundings: Surroundings,
  { plan, environment, hasRecovered }: LedgerPlan,
): Ledger {
  const { clock, hostName } = surroundings;
  const known = new Map<string, Record<string, Repeat>>(
    Object.entries(state.repeats).map(([key, repeats]) => [key, afterRecovery(repeats ?? {}, hasRecovered)]),
  );

  const owed = new Map(Object.entries(state.owed ?? {}));

  /** With the recovery that the channel could not be told, unless there is a newer one. */
  function withOwed(key: string, messages: readonly AlertMessage[]): readonly AlertMessage[] {
    const recovery = owed.get(key);
    if (recovery === undefined || messages.some(isRecovery)) return messages;
    const { run, at, lines } = recovery;
    return [
      composeRecovery({ plan, environment, host: hostName, run, at, commands: [] }, recovery, lines),
      ...messages,
    ];
  }

  async function tellOne(
    channel: MessageChannel,
    message: AlertMessage,
    signal: AbortSignal,
  ): Promise<ToldAlert> {
    const key = channelKey(channel);
    const repeats = known.get(key) ?? {};
    known.set(key, repeats);
    const pace = paceOf(message);
    const told = { channel: channel.name, event: message.events[0] };
    const until = quietUntil(repeats[message.key], pace, clock.now());
    const sent = until === undefined ? await sendMessage(channel, message, surroundings, signal) : undefined;
    const next = remember(repeats[message.key], sent?.ok === true, clock.now());
    if (next !== undefined && pace !== 'always') repeats[message.key] = next;
    if (sent !== undefined && isRecovery(message)) {
      const { run = plan, at, since = { at, count: 1 }, lines } = message;
      if (sent.ok) owed.delete(key);
      else owed.set(key, { run, at, since: since.at, count: since.count, lines: [...lines] });
    }
    if (sent !== undefined) {
      const { ok, attempts, durationMs, text } = sent;
      return { ...told, outcome: ok ? 'delivered' : 'undelivered', attempts, durationMs, text };
    }
    const text = `told before; again from ${timeWords(until?.toISOString() ?? '')}`;
    return { ...told, outcome: 'folded', attempts: 0, durationMs: 0, text };
  }

  return {
    tell: async (channel, messages, signal) => {
      const all: ToldAlert[] = [];
      for (const message of withOwed(channelKey(channel), messages))
        if (wants(channel, message)) all.push(await tellOne(channel, message, signal));
      return all;
    },
    memory: (channels) => {
      const keys = channels.map(channelKey);
      const repeats = keys.flatMap((key) => {
        const kept = pruneRepeats(known.get(key) ?? {}, clock.now());
        return Object.keys(kept).length === 0 ? [] : [[key, { ...kept }] as const];
      });
      const owing = [...owed].filter(([key]) => keys.includes(key));
      return {
        repeats: Object.fromEntries(repeats),
        ...(owing.length > 0 && { owed: Object.fromEntries(owing) }),
      };
    },
  };
}

/** Sends a ping as the record has it; undefined when the channel has no address for it. Never rejects. */
export async function tellPing(
  channel: HeartbeatChannel,
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

function isRecovery({ events }: AlertMessage): boolean {
  return events[0] === 'recovered';
}

/** What was told of failures is forgotten once they are over. */
function afterRecovery(
  repeats: Readonly<Record<string, Repeat | undefined>>,
  hasRecovered: boolean,
): Record<string, Repeat> {
  const kept = Object.entries(repeats).flatMap(([topic, repeat]) =>
    repeat === undefined || (hasRecovered && topic.startsWith('failed')) ? [] : [[topic, repeat] as const],
  );
  return Object.fromEntries(kept);
}

function paceOf({ events, severity }: AlertMessage): Pace {
  if (events[0] === 'recovered' || events[0] === 'drill-result' || events[0] === 'test') return 'always';
  return severity === 'critical' || events.includes('failed') ? 'growing' : 'weekly';
}

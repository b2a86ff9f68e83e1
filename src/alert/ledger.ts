import type { AlertState, Repeat } from '../schema/generated/alert-state.types.ts';
import { channelKey } from './channel-key.ts';
import { pruneRepeats, quietUntil, remember, type Pace } from './fold.ts';
import { timeWords, type AlertMessage } from './message.ts';
import { sendMessage, wants, type MessageChannel } from './send.ts';
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
  repeats(channels: readonly MessageChannel[]): AlertState['repeats'];
}

/** `hasRecovered`: failures that come after this are new ones. */
export function createLedger(state: AlertState, surroundings: Surroundings, hasRecovered: boolean): Ledger {
  const { clock } = surroundings;
  const known = new Map<string, Record<string, Repeat>>(
    Object.entries(state.repeats).map(([key, repeats]) => [key, afterRecovery(repeats ?? {}, hasRecovered)]),
  );

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
      for (const message of messages)
        if (wants(channel, message)) all.push(await tellOne(channel, message, signal));
      return all;
    },
    repeats: (channels) =>
      Object.fromEntries(
        channels.flatMap((channel) => {
          const key = channelKey(channel);
          const repeats = pruneRepeats(known.get(key) ?? {}, clock.now());
          return Object.keys(repeats).length === 0 ? [] : [[key, { ...repeats }]];
        }),
      ),
  };
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

import type { BegunRun, FinishedRun, RunAlerts, ReportAlert } from '../../run/run-host.ts';
import { channelsOf, channelKey } from './channel-key.ts';
import { tellPing, createLedger, type ToldAlert } from './ledger.ts';
import { type RunAlertsOptions, messagesOf } from './run-messages.ts';
import { withLimit } from '../../base/waiting.ts';
import { defined } from '../../base/defined.ts';
import type { PingEvent } from '../../language/environment/channel/channel.ts';
import {
  takesMessages,
  type AlertChannel,
  type HeartbeatChannel,
} from '../../language/environment/channel/kinds.ts';
import { Failure } from '../../base/failure.ts';
import type { AlertState, FailureStreak } from '../../language/generated/alert-state.types.ts';
import { composeUndelivered } from './compose-unit.ts';
import { artifactOf } from './last-good.ts';
import { logOf } from './run-log.ts';
import { hasBegun, withStreak } from './streak.ts';
import { keepEnvironments, readAlertState, readProofs, writeAlertState } from './state.ts';
import { renderDuration, renderPlanDuration } from '../../base/quantity/duration.ts';
import type { AlertProofs } from '../../language/generated/alert-proofs.types.ts';

/** What start pings that are under way at the end get still, milliseconds. */
const startsMs = 3000;
const startsWhenCancelledMs = 500;

/** Tells people of a run through the channels of the environments that it uses. */
export function createRunAlerts(options: RunAlertsOptions): RunAlerts {
  const starting = new AbortController();
  const started: Promise<unknown>[] = [];

  /** An answer to the start that comes after the end would be taken for a second run. */
  async function settleStarts({ record, signal }: FinishedRun): Promise<void> {
    const all = Promise.all(started);
    const limitMs = record.outcome === 'cancelled' ? startsWhenCancelledMs : startsMs;
    const over = (): Error => new Error('the run was over before it was taken');
    await withLimit({ clock: options.clock, limitMs, over, signal }, () => all).catch(() => undefined);
    starting.abort(over());
    await all;
  }

  return {
    started: (run) => {
      started.push(...startPings(run, options, starting.signal));
    },
    finished: async (run, report) => {
      await settleStarts(run);
      if (hasBegun(run.record)) await tellRun(run, options, report);
    },
  };
}

/** What this host knows of the plan's alerts. */
interface Notes {
  readonly state: AlertState;
  /** Where the plan asks for them. */
  readonly proofs: AlertProofs | undefined;
  readonly damages: readonly string[];
}

/** Of a damaged note, what the journals of this host still know: without it nobody would hear of a recovery. */
async function readNotes(
  { record, pipeline }: FinishedRun,
  { stateFolder }: RunAlertsOptions,
): Promise<Notes> {
  const asksProof = pipeline.plan.alerts?.proofWithinMs !== undefined;
  const told = await readAlertState(stateFolder, record.plan);
  const proven = asksProof ? await readProofs(stateFolder) : undefined;
  const damages = [
    ...(told.damage === undefined
      ? []
      : [`${told.damage}: it is kept as ${told.keptAs}, and what it knew may be told again`]),
    ...(proven?.damage === undefined
      ? []
      : [`${proven.damage}: channels are to be proven anew by run-plan alerts test`]),
  ];
  return { state: await withStreak(told, stateFolder, record), proofs: proven?.note, damages };
}

function startPings(
  { run, pipeline, report }: BegunRun,
  options: RunAlertsOptions,
  signal: AbortSignal,
): readonly Promise<void>[] {
  const channels = channelsOf(pipeline.plan, pipeline.environments.values());
  return pingsOf(channels, 'start').map(async (channel) => {
    const ping = { event: 'start', plan: pipeline.plan.name, run, log: '' } as const;
    const told = await tellPing(channel, ping, options, signal);
    if (told !== undefined) report(told);
  });
}

/**
 * Tells how a run ended, and remembers what was told.
 * @throws Failure `alert-undelivered`, `alert-unproven`
 */
async function tellRun(finished: FinishedRun, options: RunAlertsOptions, report: ReportAlert): Promise<void> {
  const { pipeline, signal } = finished;
  const { stateFolder, clock } = options;
  const channels = channelsOf(pipeline.plan, pipeline.environments.values());
  if (channels.length === 0) return;
  const { state, proofs, damages } = await readNotes(finished, options);
  for (const text of damages) finished.warn(text);
  const record = { ...finished.record, warnings: [...finished.record.warnings, ...damages] };
  const run = { ...finished, record };
  const failed = record.outcome !== 'succeeded';
  const streak = failed ? longer(state.streak, record) : undefined;
  const unproven = unprovenOf(run, channels, proofs, clock.now());
  const messages = await messagesOf(run, options, { state, streak, unproven });
  const ledger = createLedger({ ...state, owed: owedBefore(record, state) }, options, {
    plan: record.plan,
    environment: record.environment,
    hasRecovered: !failed && unproven === undefined,
  });
  const unsettled = new Set<string>();
  const undelivered: ToldAlert[] = [];
  const tell = (channel: AlertChannel, told: ToldAlert): void => {
    report(told);
    if (told.outcome !== 'undelivered') return;
    undelivered.push(told);
    unsettled.add(channelKey(channel));
  };
  const takers = channels.filter(takesMessages);
  const sending = Promise.all(
    takers.map(async (channel) => {
      for (const told of await ledger.tell(channel, messages, signal)) tell(channel, told);
    }),
  );
  // Success is pinged once everybody else was reached: otherwise the run is red.
  if (!failed) await sending;
  const event = failed || unproven !== undefined || undelivered.length > 0 ? 'fail' : 'success';
  await Promise.all(
    pingsOf(channels, event).map(async (channel) => {
      const ping = { event, plan: record.plan, run: record.runId, log: logOf(record) } as const;
      const told = await tellPing(channel, ping, options, signal);
      if (told !== undefined) tell(channel, told);
    }),
  );
  await sending;
  // The run is red now: those who can be reached hear why.
  const reached = takers.filter((channel) => !unsettled.has(channelKey(channel)));
  if (!failed && undelivered.length > 0) {
    const each = undelivered.map(({ channel, text }) => `${channel}: ${text}`);
    const message = composeUndelivered(record, each.map(options.redact), clock.now());
    await Promise.all(
      reached.map(async (channel) => {
        for (const told of await ledger.tell(channel, [message], signal)) report(told);
      }),
    );
  }
  const lastGood = artifactOf(record) ?? state.lastGood;
  // What cannot be remembered is told again, which is better than a run that is red for it.
  await writeAlertState(stateFolder, record.plan, {
    format: 1,
    environments: [...new Set([pipeline.environment.name, ...pipeline.environments.keys()])],
    ...defined({ streak, lastGood }),
    lastRun: {
      run: record.runId,
      ...defined({ invocation: options.invocation }),
      at: clock.now().toISOString(),
      settled: channels.map(channelKey).filter((key) => !unsettled.has(key)),
    },
    ...ledger.memory(takers),
  }).catch(() => undefined);
  if (options.environmentsText !== undefined)
    await keepEnvironments(stateFolder, options.environmentsText).catch(() => undefined);
  if (undelivered.length > 0) throw notDelivered(undelivered, pipeline.environment.name);
  if (unproven !== undefined)
    throw new Failure('alert-unproven', `alerts are ${unproven}`, {
      hint: `run-plan alerts test ${pipeline.environment.name}, on this host and as this user`,
      where: pipeline.plan.file,
    });
}

/** A run that is told a second time has not recovered after all. */
function owedBefore(
  { runId }: FinishedRun['record'],
  { owed = {} }: AlertState,
): NonNullable<AlertState['owed']> {
  return Object.fromEntries(Object.entries(owed).filter(([, recovery]) => recovery?.run !== runId));
}

function longer(
  streak: FailureStreak | undefined,
  { runId, startedAt }: FinishedRun['record'],
): FailureStreak {
  // A run may be told a second time, when its record could not be stored.
  return streak === undefined
    ? { since: startedAt, run: runId, count: 1 }
    : { ...streak, count: streak.count + 1 };
}

function unprovenOf(
  { pipeline, record }: FinishedRun,
  channels: readonly AlertChannel[],
  proofs: AlertProofs | undefined,
  now: Date,
): string | undefined {
  const withinMs = pipeline.plan.alerts?.proofWithinMs;
  if (withinMs === undefined || proofs === undefined || record.outcome !== 'succeeded') return undefined;
  return unprovenChannels(channels, proofs, withinMs, now);
}

function notDelivered(undelivered: readonly ToldAlert[], environment: string): Failure {
  const each = undelivered.map(({ channel, event, text }) => `${channel} (${event}): ${text}`);
  const count = each.length === 1 ? 'an alert was' : `${String(each.length)} alerts were`;
  return new Failure('alert-undelivered', `${count} not delivered: ${each.join('; ')}`, {
    hint: `run-plan alerts test ${environment} shows whether its channels work`,
  });
}

/** The pings among channels that are wanted for an event. */
function pingsOf(channels: readonly AlertChannel[], event: PingEvent): readonly HeartbeatChannel[] {
  return channels.filter((channel) => !takesMessages(channel)).filter(({ events }) => events.includes(event));
}

/** Which channels were not proven within a time, in a sentence; undefined when all were. Pure. */
function unprovenChannels(
  channels: readonly AlertChannel[],
  { channels: proofs }: AlertProofs,
  withinMs: number,
  now: Date,
): string | undefined {
  const unproven = channels.flatMap((channel) => {
    const proof = proofs[channelKey(channel)];
    if (proof === undefined) return [`${channel.name} (never, as it is now)`];
    const ageMs = now.getTime() - Date.parse(proof.at);
    return ageMs <= withinMs ? [] : [`${channel.name} (${renderDuration(ageMs)} ago)`];
  });
  if (unproven.length === 0) return undefined;
  return `not proven within ${renderPlanDuration(withinMs)}: ${unproven.join(', ')}`;
}

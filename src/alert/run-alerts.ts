import type { AlertChannel, PingChannel } from '../environment/alert.ts';
import type { BegunRun, FinishedRun, ReportAlert, RunAlerts } from '../engine/run-host.ts';
import { isDrill } from '../evidence/is-drill.ts';
import { Failure } from '../failure.ts';
import type { AlertState, FailureStreak } from '../schema/generated/alert-state.types.ts';
import { channelKey, channelsOf } from './channel-key.ts';
import { composeRun } from './compose-run.ts';
import { composeUndelivered } from './compose-unit.ts';
import { artifactOf, lastGoodArtifact } from './last-good.ts';
import { createLedger, type ToldAlert } from './ledger.ts';
import type { AlertMessage } from './message.ts';
import { openSignOffs, type WatchedDrill } from './open-sign-offs.ts';
import { unprovenChannels } from './proof.ts';
import { logOf } from './run-log.ts';
import { takesMessages } from './send.ts';
import { sendPing } from './send-ping.ts';
import type { Surroundings } from './sending.ts';
import { keepEnvironments, readAlertState, readProofs, writeAlertState } from './state.ts';

export interface RunAlertsOptions extends Surroundings {
  readonly stateFolder: string;
  /** systemd's id of this start. */
  readonly invocation: string | undefined;
  /** Drills of the same environments, whose open questions are told with this run. */
  readonly drills: readonly WatchedDrill[];
  /** Text of the environments' file. */
  readonly environmentsText: string | undefined;
}

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
    const patience = new AbortController();
    const limitMs = record.outcome === 'cancelled' ? startsWhenCancelledMs : startsMs;
    const over = options.clock.sleep(limitMs, AbortSignal.any([signal, patience.signal]));
    await Promise.race([all, over.catch(() => undefined)]);
    patience.abort();
    starting.abort(new Error('the run was over before it was taken'));
    await all;
  }

  return {
    started: (run) => {
      for (const channel of pingsOf(run, 'start'))
        started.push(ping(channel, 'start', run, '', options, starting.signal, run.report));
    },
    finished: async (run, report) => {
      await settleStarts(run);
      if (hasBegun(run)) await tellEnd(run, options, report);
    },
  };
}

/** A run that found its plan locked has nothing to tell: the run that holds the lock does. */
function hasBegun({ record }: FinishedRun): boolean {
  return record.error?.code !== 'locked' || record.steps.some(({ attempts }) => attempts > 0);
}

function pingsOf(
  { pipeline }: Pick<BegunRun, 'pipeline'>,
  event: PingChannel['events'][number],
): readonly PingChannel[] {
  const channels = channelsOf(pipeline.plan, pipeline.environments.values());
  return channels.filter((channel) => channel.kind === 'ping').filter(({ events }) => events.includes(event));
}

async function tellEnd(run: FinishedRun, options: RunAlertsOptions, report: ReportAlert): Promise<void> {
  const { record, pipeline, signal } = run;
  const { stateFolder, clock } = options;
  const channels = channelsOf(pipeline.plan, pipeline.environments.values());
  if (channels.length === 0) return;
  const state = await readAlertState(stateFolder, record.plan);
  const failed = record.outcome !== 'succeeded';
  const streak = failed ? longer(state.streak, record) : undefined;
  const unproven = await unprovenOf(run, channels, options);
  const messages = await messagesOf(run, options, { state, streak, unproven });
  const ledger = createLedger(state, options, !failed && unproven === undefined);
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
    pingsOf(run, event).map(async (channel) => {
      const told = await ping(channel, event, { ...run, run: record.runId }, logOf(record), options, signal);
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
    ...(streak !== undefined && { streak }),
    ...(lastGood !== undefined && { lastGood }),
    lastRun: {
      run: record.runId,
      ...(options.invocation !== undefined && { invocation: options.invocation }),
      at: clock.now().toISOString(),
      settled: channels.map(channelKey).filter((key) => !unsettled.has(key)),
    },
    repeats: ledger.repeats(takers),
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

function longer(
  streak: FailureStreak | undefined,
  { runId, startedAt }: FinishedRun['record'],
): FailureStreak {
  // A run may be told a second time, when its record could not be stored.
  return streak === undefined
    ? { since: startedAt, run: runId, count: 1 }
    : { ...streak, count: streak.count + 1 };
}

async function unprovenOf(
  { pipeline, record }: FinishedRun,
  channels: readonly AlertChannel[],
  { stateFolder, clock }: RunAlertsOptions,
): Promise<string | undefined> {
  const withinMs = pipeline.plan.alerts?.proofWithinMs;
  if (withinMs === undefined || record.outcome !== 'succeeded') return undefined;
  return unprovenChannels(channels, await readProofs(stateFolder), withinMs, clock.now());
}

interface Knowledge {
  readonly state: AlertState;
  readonly streak: FailureStreak | undefined;
  readonly unproven: string | undefined;
}

async function messagesOf(
  run: FinishedRun,
  options: RunAlertsOptions,
  { state, streak, unproven }: Knowledge,
): Promise<readonly AlertMessage[]> {
  const { record, signal } = run;
  const { clock, stateFolder, secrets, hostName } = options;
  const now = clock.now();
  const failed = record.outcome !== 'succeeded';
  const own = composeRun(record, {
    streak,
    ended: failed ? undefined : state.streak,
    lastGood: failed ? await lastGoodArtifact(run, state.lastGood, now) : undefined,
    verdict: await verdictOf(run),
    unproven,
    invocation: options.invocation,
  });
  const surroundings = { stateFolder, secrets, now, hostName };
  // What keeps evidence from being read is told by those who keep it.
  const others = await openSignOffs(options.drills, surroundings, signal).catch(() => []);
  return [...(own === undefined ? [] : [own]), ...others].map((message) => redacted(message, options.redact));
}

async function verdictOf(run: FinishedRun): Promise<string | undefined> {
  if (!isDrill(run.pipeline)) return undefined;
  const { buildEvidence } = await import('../evidence/build.ts');
  return buildEvidence({ ...run, account: '', earlier: [] }).verdict.sentence;
}

/** The record is redacted; what came from elsewhere is here. */
function redacted(message: AlertMessage, redact: (text: string) => string): AlertMessage {
  const { lines, lastGood, hint } = message;
  return {
    ...message,
    title: redact(message.title),
    lines: lines.map(redact),
    ...(lastGood !== undefined && { lastGood: redact(lastGood) }),
    ...(hint !== undefined && { hint: redact(hint) }),
  };
}

async function ping(
  channel: PingChannel,
  event: PingChannel['events'][number],
  { pipeline, run }: Pick<BegunRun, 'pipeline' | 'run'>,
  log: string,
  surroundings: Surroundings,
  signal: AbortSignal,
  report?: ReportAlert,
): Promise<ToldAlert | undefined> {
  const sent = await sendPing(channel, { event, plan: pipeline.plan.name, run, log }, surroundings, signal);
  if (sent === undefined) return undefined;
  const { ok, attempts, durationMs, text } = sent;
  const told: ToldAlert = {
    channel: channel.name,
    event,
    outcome: ok ? 'delivered' : 'undelivered',
    attempts,
    durationMs,
    text,
  };
  report?.(told);
  return told;
}

function notDelivered(undelivered: readonly ToldAlert[], environment: string): Failure {
  const each = undelivered.map(({ channel, event, text }) => `${channel} (${event}): ${text}`);
  const count = each.length === 1 ? 'an alert was' : `${String(each.length)} alerts were`;
  return new Failure('alert-undelivered', `${count} not delivered: ${each.join('; ')}`, {
    hint: `run-plan alerts test ${environment} shows whether its channels work`,
  });
}

import { defined } from '../../base/defined.ts';
import {
  takesMessages,
  type AlertChannel,
  type HeartbeatChannel,
} from '../../language/environment/channel/kinds.ts';
import type { Environment } from '../../language/environment/environment.ts';
import { exitCode } from '../../base/exit-code.ts';
import { listRecords } from '../../run/record/store.ts';
import type { AlertState, FailureStreak } from '../../language/generated/alert-state.types.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import { channelKey, channelsOf } from './channel-key.ts';
import { composeRun } from './compose-run.ts';
import { composeUndelivered, composeUnit } from './compose-unit.ts';
import { createLedger, tellPing, type ToldAlert } from './ledger.ts';
import { ageWords, type AlertMessage } from './message.ts';
import { logOf } from './run-log.ts';
import type { Surroundings } from './sending.ts';
import { readAlertState, writeAlertState } from './state.ts';
import { withStreak } from './streak.ts';
import { lookAtUnit, type FailedUnit } from './unit-look.ts';

/** Who is concerned by a plan's unit, as far as the files can be read. */
export interface Concerned {
  /** The plan's own environment. */
  readonly environment: string;
  /** With the channels that can be told through. */
  readonly environments: readonly Pick<Environment, 'name' | 'alerts'>[];
  /** Errors of the plan and of the environments, as `file:line:column message`. */
  readonly problems: readonly string[];
}

export interface UnitFailedOptions extends Surroundings {
  readonly stateFolder: string;
}

/** What became of it: each message, or why there was none to send. */
export interface UnitTold {
  readonly told: readonly ToldAlert[];
  /** What is wrong with the note of what was told, in half a sentence. */
  readonly damage?: string;
  readonly reason?: string;
}

/** A unit's and a run's times are of one clock, the unit's in whole seconds. */
const toleranceMs = 2000;

/**
 * Tells that a plan's unit failed, unless its run has told so itself: then only those are told whom the run could not
 * reach. Never rejects for what a receiver does.
 */
export async function tellFailedUnit(
  plan: string,
  concerned: (state: AlertState) => Promise<Concerned>,
  options: UnitFailedOptions,
  signal: AbortSignal,
): Promise<UnitTold> {
  const { stateFolder, environmentVariables } = options;
  const unit = await lookAtUnit(plan, environmentVariables);
  if (unit.result !== 'timeout' && unit.status === String(exitCode.locked))
    return { told: [], reason: 'another run of the plan was active, and tells how it ends' };
  const noted = await readAlertState(stateFolder, plan);
  const { damage } = noted;
  const record = await recordOf(unit, stateFolder);
  const state = await withStreak(noted, stateFolder, { plan, runId: record?.runId });
  const { environment, environments, problems } = await concerned(state);
  const channels = channelsOf({ name: plan, environment }, environments);
  if (channels.length === 0)
    return { told: [], reason: `no alerts are configured for ${plan}`, ...defined({ damage }) };
  const isTold = unit.invocation !== undefined && state.lastRun?.invocation === unit.invocation;
  const settled = isTold ? (state.lastRun?.settled ?? []) : [];
  const isGood = record?.outcome === 'succeeded';
  const unsettled = channels.filter((channel) => !settled.includes(channelKey(channel)));
  if (unsettled.length === 0) return { told: [], reason: 'its run has told it' };
  const streak = isGood ? undefined : isTold ? state.streak : longer(state.streak, unit, options.clock.now());
  const message = messageOf(unit, record, { environment, problems, state, streak }, options);
  const ledger = createLedger(state, options, { plan, environment, hasRecovered: false });
  // Who was reached by a good run does not know yet that others were not.
  const takers = (isGood ? channels : unsettled).filter(takesMessages);
  const log = record === undefined ? `${message.title}\n${message.lines.join('\n')}\n` : logOf(record);
  const results = await Promise.all([
    ...takers.map(async (channel) => ({ channel, told: await ledger.tell(channel, [message], signal) })),
    ...unsettled.flatMap((channel) =>
      takesMessages(channel) ? [] : [fail(channel, plan, message, log, options, signal)],
    ),
  ]);
  const missed = results.flatMap(({ channel, told }) =>
    told.some(({ outcome }) => outcome === 'undelivered') ? [channelKey(channel)] : [],
  );
  const { owed: _, ...known } = state;
  await writeAlertState(stateFolder, plan, {
    ...known,
    ...defined({ streak }),
    lastRun: {
      run: record?.runId ?? unit.invocation ?? plan,
      ...defined({ invocation: unit.invocation }),
      at: options.clock.now().toISOString(),
      settled: channels.map(channelKey).filter((key) => !missed.includes(key)),
    },
    ...ledger.memory(channels.filter(takesMessages)),
  }).catch(() => undefined);
  return { told: results.flatMap(({ told }) => told), ...defined({ damage }) };
}

/** The newest run here, when it is of this start. */
async function recordOf(
  { plan, startedAt }: FailedUnit,
  stateFolder: string,
): Promise<RunRecord | undefined> {
  if (startedAt === undefined) return undefined;
  const { records } = await listRecords({ stateFolder }, { plan, limit: 1 });
  const [newest] = records;
  if (newest === undefined) return undefined;
  return Date.parse(newest.startedAt) >= startedAt.getTime() - toleranceMs ? newest : undefined;
}

function longer(
  streak: FailureStreak | undefined,
  { invocation, plan }: FailedUnit,
  now: Date,
): FailureStreak {
  if (streak !== undefined) return { ...streak, count: streak.count + 1 };
  return { since: now.toISOString(), run: invocation ?? plan, count: 1 };
}

interface Known {
  readonly environment: string;
  readonly problems: readonly string[];
  readonly state: AlertState;
  readonly streak: FailureStreak | undefined;
}

function messageOf(
  unit: FailedUnit,
  record: RunRecord | undefined,
  { environment, problems, state, streak }: Known,
  { hostName, clock, redact }: UnitFailedOptions,
): AlertMessage {
  const now = clock.now();
  const { lastGood: known } = state;
  const lastGood =
    known === undefined
      ? undefined
      : `${known.artifact}, ${ageWords(new Date(known.at), now)}, as this host knows`;
  if (record?.outcome === 'succeeded') {
    const undelivered = (record.alerts ?? []).filter(({ outcome }) => outcome === 'undelivered');
    const each = undelivered.map(({ channel, text }) => `${channel}: ${text}`);
    return composeUndelivered(record, each.length === 0 ? [record.error?.message ?? ''] : each, now);
  }
  const told =
    record &&
    composeRun(record, {
      streak,
      ended: undefined,
      lastGood,
      verdict: undefined,
      unproven: undefined,
      invocation: unit.invocation,
    });
  if (told !== undefined) return told;
  const first = streak ?? longer(undefined, unit, now);
  const lines = unit.lines.map(redact);
  return composeUnit(
    { ...unit, lines },
    { environment, host: hostName, now, streak: first, problems, lastGood },
  );
}

async function fail(
  channel: HeartbeatChannel,
  plan: string,
  { run }: AlertMessage,
  log: string,
  options: UnitFailedOptions,
  signal: AbortSignal,
): Promise<{ readonly channel: AlertChannel; readonly told: readonly ToldAlert[] }> {
  if (!channel.events.includes('fail')) return { channel, told: [] };
  const told = await tellPing(channel, { event: 'fail', plan, run: run ?? plan, log }, options, signal);
  return { channel, told: told === undefined ? [] : [told] };
}

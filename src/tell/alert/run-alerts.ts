import type { BegunRun, FinishedRun, RunAlerts } from '../../run/run-host.ts';
import { channelsOf } from './channel-key.ts';
import { tellPing } from './ledger.ts';
import type { RunAlertsOptions } from './run-messages.ts';
import { withLimit } from '../../base/waiting.ts';
import { pingsOf, tellRun } from './tell-run.ts';

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
      if (hasBegun(run)) await tellRun(run, options, report);
    },
  };
}

/** A run that found its plan locked has nothing to tell: the run that holds the lock does. */
function hasBegun({ record }: FinishedRun): boolean {
  return record.error?.code !== 'locked' || record.steps.some(({ attempts }) => attempts > 0);
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

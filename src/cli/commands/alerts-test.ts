import { channelKey } from '../../tell/alert/channel-key.ts';
import { readProofs, writeProofs } from '../../tell/alert/state.ts';
import { testChannel, type Tested } from '../../tell/alert/test-channel.ts';
import { watchSignals } from '../../run/signals.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { createProcessGroups } from '../../process/process-groups.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { alertSurroundings } from '../../tell/alert/alert-surroundings.ts';
import { environmentsWithAlerts } from '../../tell/alert/alert-environments.ts';
import { exit } from '../exit.ts';
import { print, printJson, warn, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireEnvironments } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface AlertsTestOptions {
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Sends a test through every channel at once, and notes which have proven to work. */
export async function alertsTestCommand(
  host: CommandHost,
  name: string | undefined,
  options: AlertsTestOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  requireEnvironments(plans);
  const environments = environmentsWithAlerts(plans, name);
  const groups = createProcessGroups();
  const surroundings = alertSurroundings(host, plans.secrets, groups);
  const signals = watchSignals((code) => {
    groups.killAll();
    void exit(code);
  });
  try {
    const tested = await Promise.all(
      environments.flatMap((environment) =>
        (environment.alerts ?? []).map((channel) =>
          testChannel(channel, environment.name, surroundings, signals.cancel),
        ),
      ),
    );
    const damage = await noteProofs(
      stateFolderOf(plans.settings, host.environmentVariables),
      tested,
      new Date(),
    );
    if (damage !== undefined) warn(host, damage);
    if (options.json === true) printJson(host, tested.map(asData));
    else print(host, testedBlock(tested));
    signals.cancel.throwIfAborted();
    return tested.every(({ proven }) => proven) ? exitCode.done : exitCode.alertFailed;
  } finally {
    signals.stop();
  }
}

/** A channel that failed has lost its older proof: it does not work now. Gives what is wrong with the note so far. */
async function noteProofs(
  stateFolder: string,
  tested: readonly Tested[],
  now: Date,
): Promise<string | undefined> {
  const { note, damage, keptAs } = await readProofs(stateFolder);
  const { channels } = note;
  const isTested = new Set(tested.map(({ channel }) => channelKey(channel)));
  const noted = Object.fromEntries([
    ...Object.entries(channels).filter(([key]) => !isTested.has(key)),
    ...tested
      .filter(({ proven }) => proven)
      .map(({ channel, text }) => [channelKey(channel), { at: now.toISOString(), by: text }] as const),
  ]);
  await writeProofs(stateFolder, { format: 1, channels: noted });
  return damage && `${damage}: it is kept as ${keptAs}, and other channels are to be proven anew`;
}

function asData({ channel, proven, attempts, durationMs, text }: Tested): unknown {
  return { channel: channel.name, kind: channel.kind, proven, attempts, durationMs, text };
}

function testedBlock(tested: readonly Tested[]): Block {
  const columns = [
    { title: 'CHANNEL' },
    { title: 'RESULT' },
    { title: 'TOOK', align: 'right' },
    { title: 'HOW' },
  ] as const;
  return table(
    columns,
    tested.map(({ channel, proven, durationMs, text }) => [
      channel.name,
      status(proven ? 'proven' : 'FAILED'),
      renderDuration(durationMs),
      text,
    ]),
  );
}

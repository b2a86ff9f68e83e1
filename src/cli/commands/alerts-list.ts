import { channelKey } from '../../tell/alert/channel-key.ts';
import { readProofs } from '../../tell/alert/state.ts';
import { alertEvents } from '../../language/environment/channel/channel.ts';
import type { AlertChannel } from '../../language/environment/channel/kinds.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { renderMoment, type Reading } from '../../base/quantity/moment.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import type { Text } from '../../base/terminal/text.ts';
import type { AlertProof } from '../../language/generated/alert-proofs.types.ts';
import { environmentsWithAlerts } from '../../tell/alert/alert-environments.ts';
import { print, printJson, warn, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireEnvironments } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface AlertsListOptions {
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Lists every channel with what it is told and its last proof on this host. */
export async function alertsListCommand(host: CommandHost, options: AlertsListOptions): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  requireEnvironments(plans);
  const channels = environmentsWithAlerts(plans, undefined).flatMap(({ alerts = [] }) => alerts);
  const { note: proofs, damage } = await readProofs(stateFolderOf(plans.settings, host.environmentVariables));
  if (damage !== undefined) warn(host, `${damage}: channels are to be proven anew by run-plan alerts test`);
  const proofOf = (channel: AlertChannel): AlertProof | undefined => proofs.channels[channelKey(channel)];
  if (options.json === true)
    printJson(
      host,
      channels.map((channel) => ({
        channel: channel.name,
        kind: channel.kind,
        events: channel.events,
        plans: channel.plans ?? null,
        provenAt: proofOf(channel)?.at ?? null,
        provenBy: proofOf(channel)?.by ?? null,
      })),
    );
  else
    print(
      host,
      channelsBlock(channels, proofOf, { now: new Date(), timeZone: plans.settings.defaults.timeZone }),
    );
  return exitCode.done;
}

function channelsBlock(
  channels: readonly AlertChannel[],
  proofOf: (channel: AlertChannel) => AlertProof | undefined,
  reading: Reading,
): Block {
  const columns = [{ title: 'CHANNEL' }, { title: 'EVENTS' }, { title: 'PLANS' }, { title: 'PROVEN' }];
  return table(
    columns,
    channels.map((channel) => [
      channel.name,
      channel.events.length === alertEvents.length ? 'all' : channel.events.join(', '),
      channel.plans?.join(', ') ?? 'all',
      provenText(proofOf(channel), reading),
    ]),
  );
}

function provenText(proof: AlertProof | undefined, reading: Reading): Text {
  if (proof === undefined) return [status('open', 'never'), ': run-plan alerts test'];
  return `${renderMoment(new Date(proof.at), reading)}: ${proof.by}`;
}

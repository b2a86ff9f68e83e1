import { createHash } from 'node:crypto';
import { isKnown, takesMessages, type AlertChannel } from '../../language/environment/channel/kinds.ts';
import type { DeclaredEnvironment, Environment } from '../../language/environment/environment.ts';
import type { Plan } from '../../language/plan/plan.ts';

/** A channel by its kind and settings, `webhook 9f86d081e2a4b5c6`: an edited one is another, so that it is told and proven anew. */
export function channelKey(channel: AlertChannel): string {
  return `${channel.kind} ${fingerprint(channel)}`;
}

/** Of the settings alone: where the file says it, and what the channel is called, do not matter. */
function fingerprint(channel: AlertChannel): string {
  const settings = JSON.stringify(channel, (key, value: unknown) =>
    key === 'position' || key === 'name' ? undefined : value,
  );
  return createHash('sha256').update(settings).digest('hex').slice(0, 16);
}

/** An environment with the channels that can be told through: those of which every value is known here. */
export function withKnownChannels({
  name,
  alerts = [],
}: DeclaredEnvironment): Pick<Environment, 'name' | 'alerts'> {
  return { name, alerts: alerts.filter(isKnown) };
}

/**
 * Who is told of a plan's runs: the channels of every environment that it uses, its own first, each once. A heartbeat is
 * of one thing, so that only those of the plan's own environment are pinged.
 */
export function channelsOf(
  plan: Pick<Plan, 'name' | 'environment'>,
  environments: Iterable<Pick<Environment, 'name' | 'alerts'>>,
): readonly AlertChannel[] {
  const all = [...environments];
  const ordered = [
    ...all.filter(({ name }) => name === plan.environment),
    ...all.filter(({ name }) => name !== plan.environment),
  ];
  const chosen = new Map<string, AlertChannel>();
  for (const { name, alerts = [] } of ordered)
    for (const channel of alerts) {
      if (channel.plans !== undefined && !channel.plans.includes(plan.name)) continue;
      if (!takesMessages(channel) && name !== plan.environment) continue;
      const print = fingerprint(channel);
      if (!chosen.has(print)) chosen.set(print, channel);
    }
  return [...chosen.values()];
}

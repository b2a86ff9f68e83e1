import type { AlertChannel } from '../../language/environment/alert.ts';
import { renderDuration, renderPlanDuration } from '../../base/quantity/duration.ts';
import type { AlertProofs } from '../../language/generated/alert-proofs.types.ts';
import { channelKey } from './channel-key.ts';

/** Which channels were not proven within a time, in a sentence; undefined when all were. Pure. */
export function unprovenChannels(
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

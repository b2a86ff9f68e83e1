import type { WrittenPing } from '../../generated/environments.types.ts';
import type { SecretReference } from '../../secret-reference.ts';
import type { ChannelKind, TakesPings } from './channel.ts';

export interface PingChannel extends TakesPings {
  readonly kind: 'ping';
  readonly url: SecretReference;
  /** Addresses of their own. When one is given, nothing is added to any address. */
  readonly start?: SecretReference;
  readonly fail?: SecretReference;
}

export const ping: ChannelKind<WrittenPing, PingChannel> = {
  tells: 'pings',
  read: ({ url, start, fail }, reference) => {
    if (url === undefined) return undefined;
    return {
      url: reference(url, 'url'),
      ...(start !== undefined && { start: reference(start, 'start') }),
      ...(fail !== undefined && { fail: reference(fail, 'fail') }),
    };
  },
};

import { forEachOf } from '../../base/waiting.ts';
import type { InvalidationWork, Provider } from './provider.ts';
import { purge } from './purge.ts';
import { encodeStandard } from './url-path.ts';

export interface FastlyService {
  readonly service: string;
  readonly token: string;
  /** Marks as stale instead of dropping. Everything is always dropped. */
  readonly soft: boolean;
  /** Without a slash at its end. */
  readonly endpoint: string;
}

export const fastlyEndpoint = 'https://api.fastly.com';

/**
 * Each address is one request, of which a customer has 100,000 an hour
 * (https://www.fastly.com/documentation/reference/api/#rate-limiting). Batches exist for surrogate keys alone, which the
 * objects of a bucket do not bear.
 */
const usualAtMostPaths = 2000;
const callsAtOnce = 8;

/**
 * Purges a service of Fastly: https://www.fastly.com/documentation/reference/api/purging. There are no prefixes, and a
 * purge is done when it is accepted.
 */
export function fastly({ service, token, soft, endpoint }: FastlyService): Provider {
  const name = `Fastly service ${service}`;
  const drop = (
    work: InvalidationWork,
    what: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> =>
    purge(work, {
      what: `${name}: purging ${what}`,
      url: `${endpoint}/${path}`,
      headers: { 'fastly-key': token, accept: 'application/json', ...headers },
      token,
    });
  return {
    name,
    usualAtMostPaths,
    mostPrefixes: 0,
    encode: encodeStandard,
    needsBase: true,
    invalidate: async (scope, work) => {
      if (scope.everything) {
        await drop(work, 'everything', `service/${encodeURIComponent(service)}/purge_all`);
        return;
      }
      const host = work.origin?.replace(/^https?:\/\//, '') ?? '';
      await forEachOf(scope.paths, { atOnce: callsAtOnce, signal: work.signal }, (path, signal) =>
        drop({ ...work, signal }, path, `purge/${host}${path}`, soft ? { 'fastly-soft-purge': '1' } : {}),
      );
    },
  };
}

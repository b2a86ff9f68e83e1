import type { HttpAnswer } from '../../base/http/request.ts';
import { counted } from '../../base/quantity/counted.ts';
import { messageIn } from './call.ts';
import type { InvalidationWork, Provider } from './provider.ts';
import { purge } from './purge.ts';
import { batchesOf } from './scope.ts';
import { encodeStandard } from './url-path.ts';

export interface CloudflareZone {
  readonly zone: string;
  readonly token: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
}

export const cloudflareEndpoint = 'https://api.cloudflare.com/client/v4';

/**
 * Operations in one request, on every plan: https://developers.cloudflare.com/cache/how-to/purge-cache (100 addresses,
 * 500 on Enterprise, at 800 a second or more; prefixes at 5 requests a minute on Free).
 */
const filesPerCall = 100;
/** https://developers.cloudflare.com/cache/how-to/purge-cache/purge_by_prefix: one call, so that no plan throttles it. */
const prefixesPerCall = 30;

/** Thirty calls: a few seconds on every plan. */
const usualAtMostPaths = 3000;

/** Purges a zone of Cloudflare. A purge is done when it is accepted: there is nothing to wait for. */
export function cloudflare({ zone, token, endpoint }: CloudflareZone): Provider {
  const name = `Cloudflare zone ${zone}`;
  const drop = (work: InvalidationWork, what: string, body: object): Promise<void> =>
    purge(work, {
      what: `${name}: purging ${what}`,
      url: `${endpoint}/zones/${encodeURIComponent(zone)}/purge_cache`,
      headers: { authorization: `Bearer ${token}` },
      token,
      body,
      refusal,
    });
  return {
    name,
    usualAtMostPaths,
    mostPrefixes: prefixesPerCall,
    encode: encodeStandard,
    needsBase: true,
    invalidate: async (scope, work) => {
      if (scope.everything) {
        await drop(work, 'everything', { purge_everything: true });
        return;
      }
      const origin = work.origin ?? '';
      for (const paths of batchesOf(scope.paths, filesPerCall))
        await drop(work, counted(paths.length, 'file'), { files: paths.map((path) => origin + path) });
      for (const prefixes of batchesOf(scope.prefixes, prefixesPerCall)) {
        // Host and path, without a scheme.
        const named = prefixes.map((prefix) => origin.replace(/^https?:\/\//, '') + prefix);
        await drop(work, counted(prefixes.length, 'prefix', 'prefixes'), { prefixes: named });
      }
    },
  };
}

/** It also answers 200 and says in the body that nothing was done. */
function refusal({ body }: HttpAnswer): string | undefined {
  if (/"success"\s*:\s*true/.test(body)) return undefined;
  return messageIn(body) ?? 'the answer does not say success';
}

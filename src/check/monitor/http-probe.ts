import { parseAddress } from '../../base/http/address.ts';
import { sendRequest } from '../../base/http/request.ts';
import type { Probe } from './watch.ts';

export interface HttpProbeOptions {
  readonly url: string;
  /** Wanted status; any from 200 to 299 unless said. */
  readonly status?: number;
  readonly timeoutMs: number;
}

/**
 * A GET over a connection of its own, redirects not followed, read to its end or to its first MiB.
 * @throws Failure `plan-invalid` for an address that is none of HTTP
 */
export function httpProbe({ url: text, status, timeoutMs }: HttpProbeOptions): Probe {
  const url = parseAddress(text);
  const request = { url, method: 'GET', headers: { 'user-agent': 'run-plan' }, redirects: 'refuse' } as const;
  return {
    name: `GET ${url.origin}${url.pathname}`,
    ask: async (signal) => {
      const { answer, problem } = await sendRequest({ ...request, ownConnection: true, timeoutMs }, signal);
      if (answer === undefined) return problem;
      const isGood =
        status === undefined ? answer.status >= 200 && answer.status <= 299 : answer.status === status;
      return isGood ? undefined : `status ${answer.status}`;
    },
  };
}

import type { ClientRequest, IncomingMessage } from 'node:http';
import { Failure } from '../../base/failure.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Probe } from './watch.ts';

export interface HttpProbeOptions {
  readonly url: string;
  /** Wanted status; any from 200 to 299 unless said. */
  readonly status?: number;
  readonly timeoutMs: number;
}

/** No health page is longer; the rest of a longer answer is not read. */
const mostBytes = 1024 * 1024;

/**
 * A GET over a connection of its own, redirects not followed, read to its end.
 * @throws Failure `plan-invalid` for an address that is none of HTTP
 */
export function httpProbe({ url: text, status, timeoutMs }: HttpProbeOptions): Probe {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Failure('plan-invalid', 'an address to watch is none of HTTP, or holds a user or a password', {
      hint: 'Say https://host/path or http://host/path.',
    });
  }
  return {
    name: `GET ${url.origin}${url.pathname}`,
    ask: async (signal) => {
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        const found = await statusOf(url, AbortSignal.any([signal, limit]));
        const isGood = status === undefined ? found >= 200 && found <= 299 : found === status;
        return isGood ? undefined : `status ${String(found)}`;
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted) return `no answer within ${renderPlanDuration(timeoutMs)}`;
        return wordsOf(error);
      }
    },
  };
}

async function statusOf(url: URL, signal: AbortSignal): Promise<number> {
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  return new Promise((resolve, reject) => {
    // A connection of its own each time: one that is kept would hide a service that takes no new ones.
    const options = { agent: false, signal, headers: { 'user-agent': 'run-plan' } };
    const sent: ClientRequest = request(url, options, (response: IncomingMessage) => {
      let bytes = 0;
      const finish = (): void => {
        resolve(response.statusCode ?? 0);
      };
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= mostBytes) return;
        finish();
        response.destroy();
      });
      response.on('end', finish);
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host with several addresses fails with one error for each, and no message.
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}

import { defined } from '../defined.ts';
import { TextDecoder } from 'node:util';
import { describeRequestError } from './request-error.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'PURGE' | 'BAN';
  /** They may be secrets, so no other origin ever sees them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `follow`: within the origin, five times. Where another is named, or more, the redirect is the answer. */
  readonly redirects: 'follow' | 'refuse';
  /** Over a connection of its own: one that is kept would hide a service that takes no new ones. */
  readonly ownConnection?: true;
  /** For the whole answer, redirects included, milliseconds. */
  readonly timeoutMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** The first MiB. */
  readonly body: string;
  /** Whether the body was longer than that. */
  readonly isCut: boolean;
  /** Why a redirect was not followed, in words that can follow `301 Moved Permanently`. */
  readonly notFollowed?: string;
}

/** What came of a request: an answer, or in words why there is none. */
export type HttpOutcome =
  | { readonly answer: HttpAnswer; readonly problem?: undefined }
  | { readonly answer?: undefined; readonly problem: string };

/** As much of a body as is looked at, bytes. */
export const bodyLimit = 1024 * 1024;

/** A page that answers for itself needs fewer. */
const mostRedirects = 5;

/** Sends one request and reads its answer. Rejects with the signal's reason when that aborts, and for nothing else. */
export async function sendRequest(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome> {
  const { redirects, timeoutMs } = request;
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, limit]);
  try {
    const close = request.ownConnection === true && { connection: 'close' };
    let step: Step = { ...request, headers: { ...request.headers, ...close } };
    for (let followed = 0; ; followed += 1) {
      const response = await send(step, either);
      const next = redirects === 'refuse' ? undefined : nextStep(step, response, followed);
      if (next === undefined || typeof next === 'string') return { answer: await read(response, next) };
      await response.body?.cancel();
      step = next;
    }
  } catch (error) {
    signal.throwIfAborted();
    return { problem: limit.aborted ? describeTimeout(timeoutMs) : describeRequestError(error) };
  }
}

type Step = Pick<HttpRequest, 'url' | 'method' | 'headers' | 'body'>;

function send({ url, method, headers, body }: Step, signal: AbortSignal): Promise<Response> {
  return fetch(url, { method, headers, ...defined({ body }), redirect: 'manual', signal });
}

async function read(response: Response, notFollowed: string | undefined): Promise<HttpAnswer> {
  const { status, statusText, headers } = response;
  const { text, isCut } = await readBody(response);
  return {
    status,
    statusText,
    headers,
    body: text,
    isCut,
    ...defined({ notFollowed }),
  };
}

/** Where a redirect leads, or why it is not followed; undefined for an answer that is none. */
function nextStep(step: Step, { status, headers }: Response, followed: number): Step | string | undefined {
  const location = headers.get('location');
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return undefined;
  const url = URL.parse(location, step.url.href);
  if (url === null) return 'to what is no address';
  if (url.origin !== step.url.origin) return `to ${url.origin}, another origin, where nothing is sent`;
  if (followed === mostRedirects) return `again, after ${mostRedirects} redirects`;
  const isAnsweredByGet = status === 303 || (status < 303 && step.method === 'POST');
  if (!isAnsweredByGet || step.method === 'HEAD') return { ...step, url };
  return { url, method: 'GET', headers: withoutBody(step.headers) };
}

function withoutBody(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !/^content-/i.test(name)));
}

function describeTimeout(timeoutMs: number): string {
  return `no complete answer within ${Number((timeoutMs / 1000).toFixed(1))} s`;
}

/** Reads to the limit and lets go of the rest, so that no connection stays open behind. */
async function readBody(response: Response): Promise<{ readonly text: string; readonly isCut: boolean }> {
  if (response.body === null) return { text: '', isCut: false };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const next: { readonly value?: Uint8Array } = await reader.read();
      if (next.value === undefined) break;
      chunks.push(next.value);
      bytes += next.value.length;
      if (bytes > bodyLimit) break;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  const kept = Buffer.concat(chunks).subarray(0, bodyLimit);
  return { text: decoderOf(response.headers).decode(kept), isCut: bytes > bodyLimit };
}

function decoderOf(headers: Headers): TextDecoder {
  const charset = /charset="?([\w-]+)/i.exec(headers.get('content-type') ?? '')?.[1];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** How long a receiver asks to be left alone (`Retry-After` in seconds or as a date, RFC 9110), milliseconds. */
export function askedPauseMs(headers: Headers | undefined, now: Date): number | undefined {
  const asked = headers?.get('retry-after') ?? '';
  if (/^\d+$/.test(asked)) return Number(asked) * 1000;
  const date = asked === '' ? Number.NaN : Date.parse(asked);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

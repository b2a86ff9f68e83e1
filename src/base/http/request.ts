import { TextDecoder } from 'node:util';
import { describeRequestError } from './request-error.ts';

export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'PURGE' | 'BAN';
  /** When the server redirects to another origin, all but `authorization` are sent on. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirects: 'follow' | 'refuse';
  /** For the whole answer, milliseconds. */
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
}

/** What came of a request: an answer, or in words why there is none. */
export type HttpOutcome =
  | { readonly answer: HttpAnswer; readonly problem?: undefined }
  | { readonly answer?: undefined; readonly problem: string };

/** As much of a body as is looked at, bytes. */
export const bodyLimit = 1024 * 1024;

/** Sends one request and reads its answer. Rejects with the signal's reason when that aborts, and for nothing else. */
export async function sendRequest(request: HttpRequest, signal: AbortSignal): Promise<HttpOutcome> {
  const { url, method, headers, body, redirects, timeoutMs } = request;
  signal.throwIfAborted();
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body }),
      redirect: redirects === 'follow' ? 'follow' : 'manual',
      signal: AbortSignal.any([signal, limit]),
    });
    const { text, isCut } = await readBody(response);
    const { status, statusText } = response;
    return { answer: { status, statusText, headers: response.headers, body: text, isCut } };
  } catch (error) {
    signal.throwIfAborted();
    return { problem: limit.aborted ? describeTimeout(timeoutMs) : describeRequestError(error) };
  }
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

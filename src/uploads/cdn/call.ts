import { Failure } from '../../base/failure.ts';
import { askedPauseMs, sendRequest, type HttpAnswer, type HttpRequest } from '../../base/http/request.ts';
import { backoffMs } from '../../base/waiting.ts';
import { counted } from '../../base/quantity/counted.ts';
import type { InvalidationWork } from './provider.ts';

export interface Call {
  /** Provider and what it is asked, for people: `Cloudflare: purging 30 files`. */
  readonly what: string;
  readonly request: Omit<HttpRequest, 'redirects' | 'timeoutMs'>;
  /** Texts that no message may repeat. */
  readonly secrets: readonly string[];
  /** Why an answer of status 2xx is none of success all the same. */
  readonly refusal?: (answer: HttpAnswer) => string | undefined;
}

const requestTimeoutMs = 30_000;
const tries = 6;
const firstPauseMs = 1000;
const longestPauseMs = 60_000;

/**
 * Sends one request; again when it is throttled (429), the service fails (5xx) or does not answer, after the time that
 * the answer asks for, otherwise after a pause that doubles. All of these calls may be repeated without harm.
 * @throws Failure `invalidation-failed` naming provider, status and message
 */
export async function call(
  work: InvalidationWork,
  { what, request, secrets, refusal }: Call,
): Promise<HttpAnswer> {
  const { clock, signal, deadlineMs } = work;
  const hide = (text: string): string =>
    secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  for (let count = 1; ; count += 1) {
    const { answer, problem } = await sendRequest(
      { ...request, redirects: 'refuse', timeoutMs: requestTimeoutMs },
      signal,
    );
    const isAccepted = answer !== undefined && answer.status >= 200 && answer.status <= 299;
    const refused = isAccepted ? refusal?.(answer) : undefined;
    if (isAccepted && refused === undefined) {
      work.done.requests += 1;
      return answer;
    }
    const said = hide(answer === undefined ? problem : (refused ?? saidBy(answer)));
    const mayPass = answer === undefined || answer.status === 429 || answer.status >= 500;
    const pauseMs = pauseOf(answer, count, clock.now());
    if (!mayPass || count === tries || clock.monotonicMs() + pauseMs > deadlineMs)
      throw failure(what, answer?.status, said, count, work);
    work.onPhase(`${what}: ${said}; trying again in ${String(Math.ceil(pauseMs / 1000))} s`);
    await clock.sleep(pauseMs, signal);
  }
}

function failure(
  what: string,
  status: number | undefined,
  said: string,
  count: number,
  { done }: InvalidationWork,
): Failure {
  const again = count === 1 ? '' : `, also at try ${String(count)}`;
  const before =
    done.requests === 0
      ? ''
      : `; ${counted(done.requests, 'request before it was', 'requests before it were')} accepted`;
  return new Failure('invalidation-failed', `${what}: ${said}${again}${before}`, { hint: hintOf(status) });
}

function hintOf(status: number | undefined): string {
  if (status === 401 || status === 403)
    return 'Check the token: mistyped, expired, or without the right to purge.';
  if (status === 404) return 'Check the id of the service or zone, and the endpoint.';
  if (status === 429)
    return "The provider's rate limit holds; fewer paths at once, by a lower 'at-most-paths', help.";
  return 'Objects may be served as they were until they expire or this is done again: it may be repeated without harm.';
}

/** Milliseconds. */
export function pauseOf(answer: HttpAnswer | undefined, count: number, now: Date): number {
  return (
    askedPauseMs(answer?.headers, now) ??
    backoffMs(count, { firstMs: firstPauseMs, longestMs: longestPauseMs })
  );
}

/** Status and what the body says, in one line: providers put it under `errors`, `msg`, `detail` or `message`. */
function saidBy({ status, statusText, body }: HttpAnswer): string {
  const text = (messageIn(body) ?? body).replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  return `${String(status)} ${statusText}`.trimEnd() + (text === '' ? '' : ` (${text})`);
}

export function messageIn(body: string): string | undefined {
  const answer = parse(body);
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { errors, msg, detail, message } = answer as Readonly<Record<string, unknown>>;
  const texts = Array.isArray(errors) ? errors.map((error) => JSON.stringify(error)) : [msg, detail, message];
  const found = texts.filter((text) => typeof text === 'string' && text !== '');
  return found.length === 0 ? undefined : found.join(', ');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

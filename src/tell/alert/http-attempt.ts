import { defined } from '../../base/defined.ts';
import { Failure } from '../../base/failure.ts';
import { askedPauseMs, sendRequest, type HttpAnswer, type HttpRequest } from '../../base/http/request.ts';
import type { Secret } from '../../language/secret-reference.ts';
import type { Attempt } from './sending.ts';

/** For one attempt: a receiver that hangs must leave time for another. Milliseconds. */
const attemptMs = 10_000;
/** Characters of an answer that are shown. */
const shownCharacters = 120;

export type AlertRequest = Pick<HttpRequest, 'url' | 'method' | 'headers'> & { readonly body: string };

/**
 * Sends one request. Redirects are not followed: the address is a secret, and so is what it is told. `refusal` finds a
 * no in an answer of 2xx. Nothing of the address but its origin is repeated in what is said.
 */
export async function attemptRequest(
  request: AlertRequest,
  signal: AbortSignal,
  refusal: (answer: HttpAnswer) => string | undefined = () => undefined,
): Promise<Attempt> {
  const hide = hidingAddress(request.url);
  const { answer, problem } = await sendRequest(
    { ...request, redirects: 'refuse', timeoutMs: attemptMs },
    signal,
  );
  if (answer === undefined)
    return { ok: false, text: hide(`${request.url.origin}: ${problem}`), mayPass: true };
  const { status } = answer;
  const said = `HTTP ${String(status)}${bodyOf(answer)}`;
  if (status >= 200 && status <= 299) {
    const refused = refusal(answer);
    if (refused === undefined) return { ok: true, text: hide(said) };
    return { ok: false, text: hide(`${said}: ${refused}`), mayPass: false };
  }
  if (status >= 300 && status <= 399)
    return {
      ok: false,
      text: `HTTP ${String(status)}, a redirect${targetOf(answer)}, which is not followed`,
      mayPass: false,
    };
  const askedMs = askedPauseMs(answer.headers, new Date());
  return {
    ok: false,
    text: hide(`${request.url.origin}: ${said}`),
    mayPass: status === 429 || status === 408 || status >= 500,
    ...defined({ askedMs }),
  };
}

/** The address that a secret holds. @throws Failure `environment-incomplete` without repeating it */
export function addressOf(secret: Secret, where: string): URL {
  const url = URL.parse(secret.reveal().trim());
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  throw new Failure('environment-incomplete', 'the secret holds no address of HTTP', {
    hint: 'it must begin with https:// or http://',
    where,
  });
}

function bodyOf({ body }: HttpAnswer): string {
  const line = body.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return '';
  return ` ${line.slice(0, shownCharacters)}${line.length > shownCharacters ? '…' : ''}`;
}

function targetOf({ headers }: HttpAnswer): string {
  const target = URL.parse(headers.get('location') ?? '');
  return target === null ? '' : ` to ${target.origin}`;
}

/** Servers like to repeat the path that they were asked for, which is the secret part of most addresses. */
function hidingAddress({ href, pathname, search, username, password }: URL): (text: string) => string {
  const parts = [
    href,
    pathname,
    pathname.slice(1),
    search,
    username,
    password,
    ...pathname.split('/').filter((part) => part.length >= 8),
  ]
    .flatMap((part) => [part, decoded(part)])
    .filter((part) => part.length > 3)
    .sort((left, right) => right.length - left.length);
  return (text) => parts.reduce((shown, part) => shown.replaceAll(part, '***'), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

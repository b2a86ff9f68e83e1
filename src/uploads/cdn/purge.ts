import { defined } from '../../base/defined.ts';
import { parseAddress, sentHeaders } from '../../base/http/address.ts';
import { call, type Call } from './call.ts';
import type { InvalidationWork } from './provider.ts';

/** One request to a provider that drops copies as soon as it has accepted it, and gives an id for it. */
export interface Purge extends Pick<Call, 'refusal'> {
  /** Provider and what it is to drop, for people: `Fastly service abc: purging /a.jpg`. */
  readonly what: string;
  readonly url: string;
  /** With the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** No message repeats it. */
  readonly token: string;
  /** Sent as JSON; nothing is sent unless said. */
  readonly body?: object;
}

/** Sends it, and notes the id. @throws Failure `invalidation-failed` */
export async function purge(
  work: InvalidationWork,
  { what, url, headers, token, body, refusal }: Purge,
): Promise<void> {
  const answer = await call(work, {
    what,
    request: {
      url: parseAddress(url),
      method: 'POST',
      headers: sentHeaders(body === undefined ? headers : { ...headers, 'content-type': 'application/json' }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
    secrets: [token],
    ...defined({ refusal }),
  });
  const id = /"id"\s*:\s*"([^"]+)"/.exec(answer.body)?.[1];
  if (id !== undefined) work.done.ids.push(id);
}

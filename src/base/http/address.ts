import { Failure } from '../failure.ts';

/** An address of HTTP as a plan says it. @throws Failure `plan-invalid`, also for one that holds a user or a password */
export function parseAddress(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Failure('plan-invalid', `'${text}' is no address of HTTP`, {
      hint: 'Say https://host/path or http://host/path.',
    });
  if (url.username !== '' || url.password !== '')
    throw new Failure('plan-invalid', `the address of ${url.host} holds a user or a password`, {
      hint: "Say where the whole value of the Authorization header is to be found: 'authorization: { env: NAME }'.",
    });
  return url;
}

/** Without the query, which may say more than a record should keep. */
export function shownAddress({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}

/**
 * Headers as they are sent, names in lower case.
 * @throws Failure `plan-invalid` for one that HTTP cannot carry, by its name alone: its value may be a secret
 */
export function sentHeaders(
  headers: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    try {
      new Headers({ [name]: value });
    } catch {
      throw new Failure('plan-invalid', `the header '${name}' cannot be sent`, {
        hint: 'A header has a name of letters and dashes, and a value of one line of Latin letters.',
      });
    }
    sent[name.toLowerCase()] = value;
  }
  return sent;
}

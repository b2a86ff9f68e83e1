/** Why nobody answered, by the codes of sockets, name look-ups and TLS. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ETIMEDOUT: 'the host does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was reset',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody but itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that this host does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by an authority that this host does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that this host does not know',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS (is it http:// and not https://?)',
};

/** What went wrong with a request, in words; fetch hides it one or two causes deep. */
export function describeRequestError(error: unknown): string {
  const cause = deepestCause(error);
  const code = codeOf(cause);
  const known = words[code];
  if (known !== undefined) return `${known} (${code})`;
  if (code.startsWith('HPE_')) return `what answers does not speak HTTP (${code})`;
  const text = cause instanceof Error ? cause.message : String(cause);
  return code === '' || text.includes(code) ? text : `${text} (${code})`;
}

function deepestCause(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < 5; depth += 1) {
    const next = innerOf(current);
    if (next === undefined) return current;
    current = next;
  }
  return current;
}

/** Several addresses of one name fail together, most often for the same reason. */
function innerOf(error: unknown): unknown {
  if (error instanceof AggregateError) return (error.errors as readonly unknown[])[0];
  return error instanceof Error ? error.cause : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

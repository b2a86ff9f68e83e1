import { Failure, type FailureCode, type FailureDetails, type FailureFields } from '../base/failure.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';

interface Verdict {
  readonly code: FailureCode;
  readonly hint?: string;
}

/** SQLSTATEs whose meaning is ours to tell; classes (two characters) come after exact states. */
const verdicts: Readonly<Record<string, Verdict>> = {
  '28P01': { code: 'postgres-login', hint: 'Check the user and where the password comes from.' },
  '28000': { code: 'postgres-login', hint: "Check the user and the server's pg_hba.conf." },
  '3D000': { code: 'postgres-database-missing', hint: "Check the environment's database." },
  '42501': { code: 'postgres-permission' },
  '53200': {
    code: 'postgres-query',
    hint: 'When it speaks of locks, raise max_locks_per_transaction on the server.',
  },
  '53300': { code: 'postgres-unreachable', hint: 'All connections of the server are taken.' },
  '57P01': { code: 'postgres-connection-lost', hint: 'An administrator or a shutdown ended the session.' },
  '57P02': { code: 'postgres-connection-lost', hint: "See the server's log." },
  '57P03': { code: 'postgres-unreachable', hint: 'The server is starting up or shutting down.' },
  '08': { code: 'postgres-connection-lost' },
  '28': { code: 'postgres-login' },
};

/** Error codes of sockets and name look-ups that say nobody answered. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'ENOENT',
  'EACCES',
]);

const lost = new Set(['ECONNRESET', 'EPIPE']);

/**
 * What went wrong with a server, as a Failure that names it (`user@host:port/database`) and never its password.
 * `doing` completes "while …" for errors of a query. A Failure passes through as it is.
 */
export function failureOfServerError(error: unknown, endpoint: PostgresEndpoint, doing?: string): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const text = textOf(error);
  const server = describeEndpoint(endpoint);
  if (unreachable.has(code) || text.includes('timeout expired')) {
    return unreachableFailure(server, code, error);
  }
  if (lost.has(code) || text.startsWith('Connection terminated')) {
    return new Failure('postgres-connection-lost', `The connection to ${server} was lost${during(doing)}`, {
      hint: "See the server's log and the network between here and there.",
      ...(code !== '' && { fields: { errorName: code } }),
      cause: error,
    });
  }
  if (isTlsError(code, text)) {
    return new Failure('postgres-unreachable', `No encrypted connection to ${server}: ${text}`, {
      hint: `sslmode is ${endpoint.sslmode}; check the server's certificate and sslrootcert.`,
      cause: error,
    });
  }
  const verdict = verdicts[code] ?? verdicts[code.slice(0, 2)] ?? { code: 'postgres-query' };
  const details: FailureDetails = verdict.hint === undefined ? {} : { hint: verdict.hint };
  return new Failure(verdict.code, `${server}: ${text}${during(doing)}`, {
    ...details,
    fields: fieldsOf(error, code),
    cause: error,
  });
}

/** The server asks for a password, and the endpoint has none. */
export function withoutPassword(endpoint: PostgresEndpoint): never {
  throw new Failure('postgres-login', `${describeEndpoint(endpoint)} asks for a password and none is given`, {
    hint: "Give the environment's postgres a password.",
  });
}

/** What the server says of an error beside its message. */
function fieldsOf(error: unknown, code: string): FailureFields {
  const { schema, table, constraint } = error as Partial<Record<'schema' | 'table' | 'constraint', string>>;
  const named = [schema, table, constraint].filter((part) => part !== undefined);
  return {
    ...(isSqlState(code) ? { sqlstate: code } : code !== '' && { errorName: code }),
    ...(named.length > 0 && { object: named.join('.') }),
  };
}

function isSqlState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

/** `user@host:port/database`, for messages. */
export function describeEndpoint(endpoint: PostgresEndpoint): string {
  return `${endpoint.user}@${endpoint.host}:${endpoint.port}/${endpoint.database}`;
}

/** Whether the server, or the absence of encryption on its side, turned a connection down: libpq then tries the other way. */
export function invitesOtherEncryption(error: unknown): boolean {
  return codeOf(error) === '28000' || isTlsError(codeOf(error), textOf(error));
}

function unreachableFailure(server: string, code: string, cause: unknown): Failure {
  const why =
    code === 'ECONNREFUSED'
      ? 'nobody listens there'
      : code === 'ENOTFOUND'
        ? 'the host name is unknown'
        : code === ''
          ? 'no answer in time'
          : code;
  return new Failure('postgres-unreachable', `Postgres does not answer at ${server}: ${why}`, {
    hint: "Check the environment's host and port, and that the server is up.",
    ...(code !== '' && { fields: { errorName: code } }),
    cause,
  });
}

function isTlsError(code: string, text: string): boolean {
  return (
    /CERT|TLS|SSL|SIGNATURE/.test(code) ||
    text.includes('does not support SSL') ||
    text.includes('establishing an SSL connection')
  );
}

function during(doing: string | undefined): string {
  return doing === undefined ? '' : ` (while ${doing})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

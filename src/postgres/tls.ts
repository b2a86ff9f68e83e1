import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { PostgresEndpoint, SslMode } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';

/** Options of one attempt to connect: TLS options, or `false` for a plain connection. */
export type Encryption = ConnectionOptions | false;

const order: Readonly<Record<SslMode, readonly ('plain' | 'tls')[]>> = {
  disable: ['plain'],
  allow: ['plain', 'tls'],
  prefer: ['tls', 'plain'],
  require: ['tls'],
  'verify-ca': ['tls'],
  'verify-full': ['tls'],
};

/**
 * The ways to connect that libpq would try for this endpoint, in its order; Unix sockets are never encrypted.
 * As in libpq, `require` with a root certificate checks the chain like `verify-ca`.
 * @throws Failure `environment-incomplete` when a certificate is to be checked and there is no root certificate.
 */
export async function encryptionAttempts(endpoint: PostgresEndpoint): Promise<readonly Encryption[]> {
  if (endpoint.host.startsWith('/')) return [false];
  const tls = await tlsOptions(endpoint);
  return order[endpoint.sslmode].map((way) => (way === 'tls' ? tls : false));
}

async function tlsOptions(endpoint: PostgresEndpoint): Promise<ConnectionOptions> {
  const { sslmode, sslrootcert, host } = endpoint;
  const verifies = sslmode.startsWith('verify-') || (sslmode === 'require' && sslrootcert !== undefined);
  if (!verifies) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ca: await readRootCertificate(endpoint),
    // The name to check is the one that the operator wrote, whatever the socket was opened with.
    checkServerIdentity: (_, certificate) =>
      sslmode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

async function readRootCertificate(endpoint: PostgresEndpoint): Promise<Buffer> {
  const path = endpoint.sslrootcert ?? defaultRootCertificate();
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure(
      'environment-incomplete',
      `sslmode ${endpoint.sslmode} needs a root certificate, and ${path} cannot be read`,
      { hint: 'Set sslrootcert to the certificate of the authority that signed the server.', cause: error },
    );
  }
}

/** Where libpq looks when nothing is said. */
function defaultRootCertificate(): string {
  return join(homedir(), '.postgresql', 'root.crt');
}

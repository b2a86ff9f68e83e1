import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { PostgresEndpoint, SslMode } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';

/** Options of one attempt to connect: TLS options, or `false` for a plain connection. */
export type Encryption = ConnectionOptions | false;

/** Files that an encrypted connection to an endpoint takes: the endpoint's own, else those of the account, as in libpq. */
export interface TlsFiles {
  /** Authorities to check the server by; absent: it is not checked. */
  readonly rootCertificate?: string;
  /** Certificates that these have taken back. */
  readonly revocations?: string;
  /** What this account shows of itself to the server. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

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
 * @throws Failure `environment-incomplete` when a certificate is to be checked and there is no root certificate.
 */
export async function encryptionAttempts(endpoint: PostgresEndpoint): Promise<readonly Encryption[]> {
  if (endpoint.host.startsWith('/')) return [false];
  const ways = order[endpoint.sslmode];
  const tls = ways.includes('tls') ? await tlsOptions(endpoint) : false;
  return ways.map((way) => (way === 'tls' ? tls : false));
}

/**
 * Which files count, for sessions and programs alike. As in libpq, `require` with a root certificate checks the chain
 * like `verify-ca`; `prefer` and `allow` check nothing.
 */
export async function tlsFiles({ sslmode, sslrootcert }: PostgresEndpoint): Promise<TlsFiles> {
  if (sslmode === 'disable') return {};
  const inHome = (name: string): string => join(homedir(), '.postgresql', name);
  const [root, revocations, certificate, key] = await Promise.all(
    ['root.crt', 'root.crl', 'postgresql.crt', 'postgresql.key'].map((name) => isReadable(inHome(name))),
  );
  const isVerified =
    sslmode.startsWith('verify-') || (sslmode === 'require' && (sslrootcert ?? root) !== undefined);
  return {
    ...(isVerified && { rootCertificate: sslrootcert ?? inHome('root.crt') }),
    ...(isVerified && revocations !== undefined && { revocations }),
    ...(certificate !== undefined && key !== undefined && { own: { certificate, key } }),
  };
}

/** The path itself where it can be read. */
async function isReadable(path: string): Promise<string | undefined> {
  return readFile(path).then(
    () => path,
    () => undefined,
  );
}

async function tlsOptions(endpoint: PostgresEndpoint): Promise<ConnectionOptions> {
  const { sslmode, host } = endpoint;
  const { rootCertificate, revocations, own } = await tlsFiles(endpoint);
  const shown = {
    // What the server is called stays so where it is reached by its address.
    ...(isIP(host) === 0 && { servername: host }),
    ...(own !== undefined && { cert: await readFile(own.certificate), key: await readFile(own.key) }),
  };
  if (rootCertificate === undefined) return { ...shown, rejectUnauthorized: false };
  return {
    ...shown,
    rejectUnauthorized: true,
    ca: await readRootCertificate(sslmode, rootCertificate),
    ...(revocations !== undefined && { crl: await readFile(revocations) }),
    // The name to check is the one that the operator wrote, whatever the socket was opened with.
    checkServerIdentity: (_, certificate) =>
      sslmode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  };
}

async function readRootCertificate(sslmode: SslMode, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Failure(
      'environment-incomplete',
      `sslmode ${sslmode} needs a root certificate, and ${path} cannot be read`,
      { hint: 'Set sslrootcert to the certificate of the authority that signed the server.', cause: error },
    );
  }
}

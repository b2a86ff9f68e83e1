import { readFile } from 'node:fs/promises';
import type { Environment, PostgresEndpoint, S3Location } from '../../language/environment/environment.ts';
import { applicationName } from '../../postgres/application-name.ts';
import { connect } from '../../postgres/connect.ts';
import { readRoleEnd } from '../../postgres/role-end.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import type { Expiry } from './expiry.ts';
import { sessionCredentialsEnd } from '../../s3/client.ts';
import { pemEnd } from './written-expiry.ts';
import { once } from 'node:events';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Something whose end is to be asked. */
export interface ExpiryQuestion {
  readonly name: string;
  /** @throws whatever kept it from being known */
  ask(signal: AbortSignal): Promise<Pick<Expiry, 'endsAt' | 'remark'>>;
}

/** What is asked with. */
export interface ExpiryMeans {
  readonly secrets: Secrets;
  readonly runId: string;
}

/** Everything of an environment that comes to an end and tells when. Pure: nothing is asked yet. */
export function environmentQuestions(
  { postgres, repository, uploads }: Environment,
  means: ExpiryMeans,
): readonly ExpiryQuestion[] {
  const stores = [repository?.store, uploads?.store].flatMap((store) =>
    store?.kind === 's3' ? [store.s3] : [],
  );
  const questions = [
    ...(postgres === undefined ? [] : postgresQuestions(postgres, means)),
    ...stores.flatMap((location) => storeQuestions(location, means)),
  ];
  // Repository and uploads mostly lie in one store.
  return [...new Map(questions.map((question) => [question.name, question])).values()];
}

function postgresQuestions(
  endpoint: PostgresEndpoint,
  { secrets, runId }: ExpiryMeans,
): readonly ExpiryQuestion[] {
  const { host, port, user, sslmode, sslrootcert } = endpoint;
  const isEncrypted = !host.startsWith('/') && sslmode !== 'disable';
  return [
    ...(isEncrypted ? [servedQuestion({ host, port, protocol: 'postgres' })] : []),
    ...(sslrootcert === undefined ? [] : [fileQuestion(sslrootcert, 'authorities')]),
    {
      name: `password of ${user} at ${host}:${port}`,
      ask: async (signal) => {
        await using session = await connect(endpoint, {
          secrets,
          applicationName: applicationName(runId),
          signal,
        });
        return { endsAt: await readRoleEnd(session) };
      },
    },
  ];
}

function storeQuestions(location: S3Location, { secrets }: ExpiryMeans): readonly ExpiryQuestion[] {
  const { endpoint, accessKeyId } = location;
  return [
    ...(endpoint?.startsWith('https://') === true ? [urlQuestion(endpoint)] : []),
    ...(accessKeyId === undefined
      ? [
          {
            name: 'AWS credentials of this host',
            ask: async () => ({ endsAt: (await sessionCredentialsEnd(location, secrets)) ?? null }),
          },
        ]
      : []),
  ];
}

/** The certificate of whoever answers at an https address. */
export function urlQuestion(url: string): ExpiryQuestion {
  const { hostname, port } = new URL(url);
  // An IPv6 address stands in brackets there.
  const host = hostname.replace(/^\[(?<address>.*)\]$/, '$<address>');
  return servedQuestion({ host, port: port === '' ? 443 : Number(port), protocol: 'tls' });
}

/** A PEM file. */
export function fileQuestion(path: string, of: 'certificate' | 'authorities'): ExpiryQuestion {
  return {
    name: `${of === 'certificate' ? 'certificate' : 'trusted certificates'} in ${path}`,
    ask: async (signal) => {
      const endsAt = pemEnd(await readFile(path, { encoding: 'utf8', signal }), of);
      if (endsAt === undefined) throw new Error('there is no certificate in the file');
      return { endsAt };
    },
  };
}

function servedQuestion(place: ServedPlace): ExpiryQuestion {
  return {
    name: `certificate of ${place.host}:${place.port}`,
    ask: async (signal) => {
      const endsAt = await servedCertificateEnd(place, signal);
      return endsAt === undefined ? { endsAt: null, remark: 'no TLS is spoken there' } : { endsAt };
    },
  };
}

/** Where a certificate is shown. */
export interface ServedPlace {
  readonly host: string;
  readonly port: number;
  /** How TLS begins: at once, or after Postgres' own question. */
  readonly protocol: 'tls' | 'postgres';
}

/** The code of an SSLRequest: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * When the certificates that a server shows come to an end: the earliest of its own and those that lead to its
 * authority. Nothing is sent but the greeting, so nobody is trusted either. Undefined where no TLS is spoken.
 * @throws Error when the server cannot be reached; the signal's reason
 */
async function servedCertificateEnd(place: ServedPlace, signal: AbortSignal): Promise<Date | undefined> {
  signal.throwIfAborted();
  const socket = connectSocket({ host: place.host, port: place.port });
  const breakOff = (): void => void socket.destroy();
  // What comes after the answer is nobody's business.
  socket.on('error', () => undefined);
  signal.addEventListener('abort', breakOff, { once: true });
  try {
    await once(socket, 'connect', { signal });
    if (place.protocol === 'postgres' && !(await agreesToTls(socket, signal))) return undefined;
    const secure = connectTls({
      socket,
      rejectUnauthorized: false,
      ...(isIP(place.host) === 0 && { servername: place.host }),
    });
    secure.on('error', () => undefined);
    await once(secure, 'secureConnect', { signal });
    return earliestEnd(secure);
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', breakOff);
    socket.destroy();
  }
}

async function agreesToTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  socket.once('end', () => socket.destroy(new Error('the server ended the connection')));
  socket.write(sslRequest);
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
  socket.removeAllListeners('end');
  return answer.toString('latin1', 0, 1) === 'S';
}

function earliestEnd(socket: TLSSocket): Date | undefined {
  const ends: number[] = [];
  for (let each = socket.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate) {
    const isRoot = each.subject === each.issuer;
    // Clients have the authority's own certificate themselves; one that is its own authority is all there is.
    if (!isRoot || ends.length === 0) ends.push(Date.parse(each.validTo));
    if (isRoot) break;
  }
  return ends.length === 0 ? undefined : new Date(Math.min(...ends));
}

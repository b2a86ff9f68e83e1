import { once } from 'node:events';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

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
export async function servedCertificateEnd(
  place: ServedPlace,
  signal: AbortSignal,
): Promise<Date | undefined> {
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

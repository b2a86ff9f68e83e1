import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createPlain, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSecure, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';

/** Certificates made by openssl: a root of a year, an authority of ten days below it, and a server's of thirty. */
export interface Certificates {
  readonly folder: string;
  readonly key: string;
  /** The server's, then the authority's: what a server shows. */
  readonly shown: string;
  readonly leafFile: string;
  readonly chainFile: string;
  readonly rootFile: string;
  remove(): Promise<void>;
}

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-certificates-'));
  const openssl = (words: string): Promise<unknown> =>
    promisify(execFile)('openssl', words.split(' '), { cwd: folder });
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  await openssl(`req -x509 ${newKey} -keyout root.key -out root.crt -days 365 -subj /CN=root`);
  for (const [name, above, days] of [
    ['authority', 'root', 10],
    ['leaf', 'authority', 30],
  ] as const) {
    await openssl(`req -new ${newKey} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    await openssl(
      `x509 -req -in ${name}.csr -CA ${above}.crt -CAkey ${above}.key -CAcreateserial -days ${days} -out ${name}.crt`,
    );
  }
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const shown = (await read('leaf.crt')) + (await read('authority.crt'));
  const chainFile = join(folder, 'chain.crt');
  await promisify(execFile)('sh', ['-c', 'cat leaf.crt authority.crt > chain.crt'], { cwd: folder });
  return {
    folder,
    key: await read('leaf.key'),
    shown,
    leafFile: join(folder, 'leaf.crt'),
    chainFile,
    rootFile: join(folder, 'root.crt'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A server on loopback. */
export interface CertificateServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Speaks TLS at once, or as Postgres does after an SSLRequest; `silent` never says a word. */
export async function serveCertificate(
  { key, shown }: Certificates,
  protocol: 'tls' | 'postgres' | 'silent',
): Promise<CertificateServer> {
  const sockets = new Set<Socket>();
  const server: Server =
    protocol === 'tls'
      ? createSecure({ key, cert: shown })
      : createPlain((socket) => {
          socket.on('error', () => undefined);
          if (protocol === 'silent') return;
          socket.once('data', () => {
            socket.write('S');
            const secure = new TLSSocket(socket, { isServer: true, key, cert: shown });
            // What a client of Postgres says first has no answer here.
            secure.on('error', () => undefined).on('data', () => secure.destroy());
          });
        });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

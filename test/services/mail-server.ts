import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

/** A mail server on loopback that keeps what it takes. */
export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Path of the certificate that signs its own. */
  readonly ca: string;
  stop(): Promise<void>;
}

/** Starts one with a certificate of its own for `localhost`. */
export async function startMailServer(changes: SMTPServerOptions = {}): Promise<MailServer> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-mail-'));
  const ca = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  const make = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${key} -out ${ca}`;
  await promisify(execFile)('openssl', make.split(' '));
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    key: await readFile(key),
    cert: await readFile(ca),
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 10,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
          secure: session.secure,
          user: session.user,
        });
        done();
      });
    },
    ...changes,
  });
  // A client that gives up is no fault of the test.
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    mails,
    ca,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(resolve);
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

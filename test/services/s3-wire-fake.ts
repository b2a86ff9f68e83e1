import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pass, type SeenRequest } from './fault-proxy.ts';

/**
 * A WIRE FAKE, not a store: it stands before a real one (Ceph 16) and answers by itself what that one lacks, which are
 * three settings of a bucket. Each is kept as the XML that was sent and given back so, as Amazon S3 documents it for
 * PutBucketEncryption, PutPublicAccessBlock and PutBucketLifecycleConfiguration; nothing acts on them. Everything else
 * is the real store's own answer.
 */
export interface S3WireFake {
  readonly endpoint: string;
  /** Every request so far. */
  readonly seen: SeenRequest[];
  /** The XML that is kept for a bucket. */
  kept(bucket: string, setting: FakedSetting): string | undefined;
  stop(): Promise<void>;
}

export type FakedSetting = 'encryption' | 'publicAccessBlock' | 'lifecycle';

/** What Amazon S3 answers where nothing is set. */
const absent: Readonly<Record<FakedSetting, string>> = {
  encryption: 'ServerSideEncryptionConfigurationNotFoundError',
  publicAccessBlock: 'NoSuchPublicAccessBlockConfiguration',
  lifecycle: 'NoSuchLifecycleConfiguration',
};

/** Starts it on a free port of 127.0.0.1; paths must name the bucket first (`force-path-style`). */
export async function startS3WireFake(target: string): Promise<S3WireFake> {
  const settings = new Map<string, string>();
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers });
    const { pathname, searchParams } = new URL(url, target);
    const setting = (Object.keys(absent) as FakedSetting[]).find((name) => searchParams.has(name));
    const answering =
      setting === undefined
        ? pass(target, request, response, undefined)
        : answer(settings, setting, pathname.replaceAll('/', ''), request, response);
    answering.catch(() => {
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a TCP server has an address and a port');
  return {
    endpoint: `http://127.0.0.1:${String(address.port)}`,
    seen,
    kept: (bucket, setting) => settings.get(`${bucket} ${setting}`),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function answer(
  settings: Map<string, string>,
  setting: FakedSetting,
  bucket: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const name = `${bucket} ${setting}`;
  if (request.method === 'PUT') {
    // Amazon S3 takes none of these without a checksum of the whole.
    const md5 = createHash('md5').update(body).digest('base64');
    if (request.headers['content-md5'] !== md5) {
      refuse(response, 400, 'BadDigest');
      return;
    }
    settings.set(name, body.toString('utf8'));
    response.writeHead(200).end();
    return;
  }
  if (request.method === 'DELETE') {
    settings.delete(name);
    response.writeHead(204).end();
    return;
  }
  const kept = settings.get(name);
  if (kept === undefined) refuse(response, 404, absent[setting]);
  else response.writeHead(200, { 'content-type': 'application/xml' }).end(kept);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}

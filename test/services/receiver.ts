import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** What the receiver does with a request; the default is 200 and `ok`. */
export type Answering = (request: ReceivedRequest, response: ServerResponse, count: number) => void;

/** An HTTP server on loopback that remembers what it was told. */
export interface Receiver {
  readonly port: number;
  readonly origin: string;
  readonly requests: ReceivedRequest[];
  /** Requests whose path begins so. */
  at(path: string): readonly ReceivedRequest[];
  /** Changes how it answers. `count` is of requests to that path, from 1. */
  answerBy(answering: Answering): void;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const wellBehaved: Answering = (_, response) => {
    response.end('ok');
  };
  let answering = wellBehaved;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      answering(request, response, requests.filter((each) => each.path === path).length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${String(port)}`,
    requests,
    at: (path) => requests.filter((request) => request.path.startsWith(path)),
    answerBy: (next) => {
      answering = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

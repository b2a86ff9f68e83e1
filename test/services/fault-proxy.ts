import { once } from 'node:events';
import {
  createServer,
  request as forwardRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** What goes wrong with a request. Byte counts are of the body. */
export type Misbehaviour =
  /** Answers by itself, after it has read the request; `body` as it is, or an S3 error of the `code`. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly code?: string;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Answers late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Hands the request on when something else has happened. */
  | { readonly kind: 'hold'; readonly until: Promise<unknown> }
  /** Breaks the connection while the request's body is read. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** Breaks the connection within the answer's body. */
  | { readonly kind: 'cut-answer'; readonly afterBytes: number }
  /** Stops in the answer's body and leaves the connection open. */
  | { readonly kind: 'stall-answer'; readonly afterBytes: number }
  /** Sends the answer's body byte by byte. */
  | { readonly kind: 'drip-answer'; readonly everyMs: number }
  /** The store does its work, and its answer is lost. */
  | { readonly kind: 'lose-answer' };

export type Fault = Misbehaviour & {
  readonly method?: string;
  /** Of path and query. */
  readonly url?: RegExp;
  /** Only requests that carry this header. */
  readonly header?: string;
  /** How many requests it hits; all unless said. */
  readonly times?: number;
};

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A proxy before an HTTP service that misbehaves when told to. */
export interface FaultProxy {
  readonly endpoint: string;
  /** Every request so far, faulty or not. */
  readonly seen: SeenRequest[];
  /** Adds a fault; returns how often it struck. */
  inject(fault: Fault): () => number;
  /** Forgets faults and requests. */
  clear(): void;
  stop(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1. The `Host` header passes through, so signatures stay valid. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const faults: { readonly fault: Fault; struck: number }[] = [];
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers });
    const entry = faults.find(
      ({ fault, struck }) => struck < (fault.times ?? Infinity) && fits(fault, request),
    );
    if (entry !== undefined) entry.struck += 1;
    pass(target, request, response, entry?.fault).catch(() => {
      response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a TCP server has an address and a port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    seen,
    inject: (fault) => {
      const entry = { fault, struck: 0 };
      faults.push(entry);
      return () => entry.struck;
    },
    clear: () => {
      faults.length = 0;
      seen.length = 0;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function fits(fault: Fault, { method, url = '', headers }: IncomingMessage): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  if (fault.header !== undefined && headers[fault.header] === undefined) return false;
  return fault.url?.test(url) !== false;
}

/** Hands a request on to `target` and its answer back, with what is to go wrong on the way. */
export async function pass(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  if (fault?.kind === 'cut-request') {
    await skip(request, fault.afterBytes);
    request.destroy();
    return;
  }
  if (fault?.kind === 'answer' || fault?.kind === 'hang') {
    await skip(request, Infinity);
    if (fault.kind === 'answer') answer(request, response, fault);
    return;
  }
  if (fault?.kind === 'delay') await delay(fault.ms);
  if (fault?.kind === 'hold') await fault.until;
  const stored = await forward(target, request);
  if (fault?.kind === 'lose-answer') {
    await skip(stored, Infinity);
    response.destroy();
    return;
  }
  response.writeHead(stored.statusCode ?? 502, stored.rawHeaders);
  const limit = fault?.kind === 'cut-answer' || fault?.kind === 'stall-answer' ? fault.afterBytes : Infinity;
  const closed = once(response, 'close');
  if (fault?.kind === 'drip-answer') {
    for (const byte of await buffer(stored)) {
      if (response.destroyed) return;
      response.write(Uint8Array.of(byte));
      await delay(fault.everyMs);
    }
    response.end();
    return;
  }
  let bytes = 0;
  for await (const chunk of stored as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, limit - bytes);
    bytes += part.length;
    if (!response.write(part) && !response.destroyed) await Promise.race([once(response, 'drain'), closed]);
    if (bytes < limit && !response.destroyed) continue;
    if (fault?.kind === 'stall-answer') return;
    // What was written must leave before the connection breaks.
    response.socket?.destroySoon();
    return;
  }
  response.end();
}

async function forward(target: string, request: IncomingMessage): Promise<IncomingMessage> {
  const headers = { ...request.headers };
  // The client was told to go on already.
  delete headers.expect;
  const { hostname, port } = new URL(target);
  const { method, url: path } = request;
  const outgoing = forwardRequest({
    hostname,
    port,
    headers,
    agent: false,
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
  });
  request.pipe(outgoing);
  const [stored] = (await once(outgoing, 'response')) as [IncomingMessage];
  return stored;
}

function answer(request: IncomingMessage, response: ServerResponse, fault: Fault & { kind: 'answer' }): void {
  const { code = 'InternalError', status, headers = {} } = fault;
  const body =
    fault.body ?? `<?xml version="1.0"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  const length = { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { 'content-type': 'application/xml', ...length, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function skip(message: IncomingMessage, bytes: number): Promise<void> {
  let skipped = 0;
  for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    skipped += chunk.length;
    if (skipped >= bytes) return;
  }
}

import { text } from 'node:stream/consumers';
import { startWebServer } from '../checks/web-server.ts';

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface WireAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface WireFake {
  readonly endpoint: string;
  readonly requests: WireRequest[];
}

/**
 * A fake of a provider's documented wire, not the provider: it answers what the test says. Undefined: it never answers.
 */
export async function startWireFake(
  answer: (request: WireRequest, count: number) => WireAnswer | undefined,
): Promise<WireFake> {
  const requests: WireRequest[] = [];
  const { origin } = await startWebServer((incoming, response) => {
    void text(incoming).then((body) => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, path: url, headers, body };
      requests.push(request);
      const said = answer(request, requests.length);
      if (said !== undefined) response.writeHead(said.status ?? 200, said.headers).end(said.body ?? '{}');
    });
  });
  return { endpoint: origin, requests };
}

/**
 * CloudFront as its API reference has it (2020-05-31): CreateInvalidation gives the same invalidation for the same caller
 * reference, and GetInvalidation completes it at the `completesAt`th look.
 */
export async function startCloudFrontFake(
  completesAt: number,
  fault: (request: WireRequest, count: number) => WireAnswer | undefined = () => undefined,
): Promise<WireFake & { readonly invalidations: Map<string, readonly string[]> }> {
  const invalidations = new Map<string, readonly string[]>();
  const looks = new Map<string, number>();
  const shown = (id: string, status: string): string =>
    `<?xml version="1.0"?><Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>${id}</Id><Status>${status}</Status><CreateTime>2026-01-01T00:00:00Z</CreateTime></Invalidation>`;
  const fake = await startWireFake((request, count) => {
    const faulty = fault(request, count);
    if (faulty !== undefined) return faulty;
    const headers = { 'content-type': 'text/xml' };
    if (request.method === 'POST') {
      const reference = /<CallerReference>(.*?)<\/CallerReference>/.exec(request.body)?.[1] ?? '';
      invalidations.set(
        reference,
        [...request.body.matchAll(/<Path>(.*?)<\/Path>/g)].map(([, path = '']) => path),
      );
      const id = `I${String([...invalidations.keys()].indexOf(reference) + 1)}`;
      return { status: 201, headers, body: shown(id, 'InProgress') };
    }
    const id = request.path.split('/').at(-1) ?? '';
    looks.set(id, (looks.get(id) ?? 0) + 1);
    return { headers, body: shown(id, (looks.get(id) ?? 0) >= completesAt ? 'Completed' : 'InProgress') };
  });
  return { ...fake, invalidations };
}

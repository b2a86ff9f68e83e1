import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import type { HttpCheckParameters } from '../../../src/language/generated/http-check.types.ts';
import type { CheckFact } from '../../../src/language/facts.ts';
import httpCheck from '../../../tasks/http-check.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { steppedClock } from '../../fixtures/stepped-clock.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { attempt, type AttemptOptions, type Said } from '../task/attempt.ts';
import { startWebServer } from './web-server.ts';

const secret = 'Bearer s3cr3t-of-the-test';

interface Outcome {
  readonly checks: readonly CheckFact[];
  readonly failure?: Failure;
  readonly said: Said;
}

async function run(parameters: HttpCheckParameters, more: Partial<AttemptOptions> = {}): Promise<Outcome> {
  const environment = { name: 'staging', protected: false };
  const options = { environment, repository: memoryRepository(), password: secret };
  try {
    const { result, said } = await attempt(httpCheck, parameters, { ...options, ...more });
    return { checks: result.facts?.['checks'] as CheckFact[], said };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { said } = error as Failure & { said: Said };
    return { checks: (error.facts?.['checks'] ?? []) as CheckFact[], failure: error, said };
  }
}

test('everything that holds of an answer is a check that passed', async () => {
  const { origin, requests } = await startWebServer((_, response) => {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end('{"database":"up","näme":"ü"}');
  });
  const { checks, failure, said } = await run({
    url: `${origin}/health?token=x`,
    status: [200, 204],
    'body-contains': ['up', 'ü'],
    'body-matches': '"database":\\s*"up"',
    'response-headers': { 'Content-Type': 'application/json' },
    json: [{ path: '$.database', equals: 'up' }],
    'max-latency-ms': 60_000,
    headers: { Accept: 'application/json' },
  });
  expect(failure).toBeUndefined();
  expect(checks.map(({ name, state }) => `${name}: ${state}`)).toEqual([
    'status: passed',
    "body contains 'up': passed",
    "body contains 'ü': passed",
    'body matches "database":\\s*"up": passed',
    'header Content-Type: passed',
    'json $.database: passed',
    'latency: passed',
  ]);
  expect(requests[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'run-plan' });
  expect(said.phases).toEqual([`GET ${origin}/health?…`]);
});

test('what does not hold is named, and all of it is recorded', async () => {
  const { origin } = await startWebServer((_, response) => {
    response.writeHead(503).end('{"database":"down"}');
  });
  const { checks, failure } = await run({ url: origin, json: [{ path: '$.database', equals: 'up' }] });
  expect(failure).toMatchObject({ code: 'check-failed', exitCode: 21 });
  expect(failure?.message).toBe(
    `2 of 2 checks of GET ${origin}/ failed: status: expected 200 to 299, found 503 Service Unavailable; json $.database: expected "up", found "down"`,
  );
  expect(checks).toHaveLength(2);
});

test('a body is posted, and HEAD has none', async () => {
  const { origin } = await startWebServer((request, response) => {
    request.pipe(response);
  });
  expect((await run({ url: origin, method: 'POST', body: '{"a":1}', 'body-contains': '{"a":1}' })).failure).toBeUndefined(); // prettier-ignore
  const head = await run({ url: origin, method: 'HEAD', 'body-contains': 'x' });
  expect(head.checks).toMatchObject([{ state: 'passed' }, { state: 'failed', found: 'an empty body' }]);
});

describe('without an answer', () => {
  test('nobody listens', async () => {
    const server = createSocketServer();
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { checks, failure } = await run({ url: `http://127.0.0.1:${port}/` });
    expect(checks).toMatchObject([
      { name: 'answer', state: 'failed', message: 'nobody listens there (ECONNREFUSED)' },
    ]);
    expect(failure).toMatchObject({ code: 'check-failed' });
  });

  test('it takes too long, before and within the body', async () => {
    const { origin, connections } = await startWebServer((request, response) => {
      if (request.url === '/body') response.write('begun');
    });
    for (const path of ['/', '/body']) {
      const { checks } = await run({ url: origin + path, timeout: '1s' });
      expect(checks).toMatchObject([{ name: 'answer', message: 'no complete answer within 1 s' }]);
    }
    await expect.poll(connections).toBe(0);
  });

  test('it breaks off', async () => {
    const { origin } = await startWebServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('begun', () => response.destroy());
    });
    const { checks } = await run({ url: origin });
    expect(checks[0]?.name).toBe('answer');
    expect(checks[0]?.message).toMatch(/closed before the answer was complete|reset/);
  });

  test('its certificate is its own, or it does not speak TLS', async () => {
    const folder = await temporaryFolder('tls');
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const make = `req -x509 -newkey rsa:2048 -nodes -keyout ${key} -out ${certificate} -days 1 -subj /CN=localhost`;
    await promisify(execFile)('openssl', make.split(' '));
    const server = createTlsServer(
      { key: await readFile(key), cert: await readFile(certificate) },
      (_, response) => void response.end('ok'),
    );
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const port = String((server.address() as AddressInfo).port);
    const signed = await run({ url: `https://127.0.0.1:${port}/` });
    expect(signed.checks[0]?.message).toContain('its certificate is signed by nobody but itself');
    const { origin } = await startWebServer((_, response) => void response.end('ok'));
    const plain = await run({ url: origin.replace('http', 'https') });
    expect(plain.checks[0]).toMatchObject({ name: 'answer', state: 'failed' });
    expect(plain.checks[0]?.message).toMatch(/TLS|SSL|wrong version/i);
  });

  test('the name is unknown', async () => {
    const { checks } = await run({ url: 'http://no-such-host.invalid/' });
    expect(checks[0]?.message).toMatch(/host name is unknown|name server does not answer/);
  });
});

test('of a body without end the first MiB is looked at, and the connection is let go', async () => {
  let sent = 0;
  const { origin, connections } = await startWebServer((_, response) => {
    const more = (): void => {
      if (response.destroyed) return;
      sent += 65_536;
      response.write('x'.repeat(65_536), more);
    };
    response.write('BEGIN');
    more();
  });
  const { checks } = await run({ url: origin, 'body-contains': ['BEGIN', 'END'] });
  expect(checks.map(({ state }) => state)).toEqual(['passed', 'passed', 'failed']);
  expect(checks[2]?.found).toContain('(the first MiB was looked at)');
  await expect.poll(connections).toBe(0);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

describe('the authorization', () => {
  const authorization = { env: 'HEALTH_AUTHORIZATION' };

  test('is sent, and stands in no text', async () => {
    const { origin, requests } = await startWebServer((_, response) => void response.writeHead(403).end());
    const { failure, checks, said } = await run({ url: origin, authorization });
    expect(requests[0]?.headers.authorization).toBe(secret);
    const texts = JSON.stringify([failure, failure?.message, failure?.stack, checks, said]);
    expect(texts).not.toContain(secret);
  });

  test.each([301, 302, 303, 307, 308])(
    'goes with a redirect %i within the origin, to no other',
    async (status) => {
      const other = await startWebServer((_, response) => void response.end('ok'));
      const { origin, requests } = await startWebServer(({ url }, response) => {
        response.writeHead(status, { location: url === '/' ? '/here' : other.origin }).end();
      });
      const { failure } = await run({ url: `${origin}/`, authorization, headers: { 'x-api-key': 'k3y' } });
      expect(failure?.message).toContain(
        `a redirect to ${other.origin}, another origin, where nothing is sent`,
      );
      expect(requests.map(({ headers }) => headers.authorization)).toEqual([secret, secret]);
      expect(other.requests).toEqual([]);
    },
  );

  test('that no header can carry is told without being shown', async () => {
    const { failure } = await run({ url: 'http://127.0.0.1:1/', authorization }, { password: 'two\nlines' });
    expect(failure).toMatchObject({ code: 'plan-invalid' });
    expect(failure?.message).toBe("the header 'authorization' cannot be sent");
    expect(String(failure?.stack)).not.toContain('lines\n    at new');
  });
});

test('redirects within the origin are followed, and not for ever', async () => {
  const { origin, requests } = await startWebServer(({ url }, response) => {
    const left = Number(url?.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(302, { location: String(left - 1) }).end('on the way');
  });
  expect((await run({ url: `${origin}/5`, 'body-contains': ['there'] })).failure).toBeUndefined();
  const { failure } = await run({ url: `${origin}/7` });
  expect(failure?.message).toContain('302 Found, a redirect again, after 5 redirects');
  expect(requests).toHaveLength(6 + 6);
});

test('what is posted is asked for where a redirect leads, or posted again where it says so', async () => {
  const { origin, requests } = await startWebServer(({ url }, response) => {
    if (url === '/there') response.end('ok');
    else response.writeHead(Number(url?.slice(1)), { location: '/there' }).end();
  });
  for (const status of [303, 307])
    await run({
      url: `${origin}/${status}`,
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'text/json' },
    });
  const asked = requests.map(({ method, url, headers }) => `${method} ${url} ${headers['content-type']}`);
  expect(asked).toEqual([
    'POST /303 text/json',
    'GET /there undefined',
    'POST /307 text/json',
    'POST /there text/json',
  ]);
});

test('a refused redirect is the answer', async () => {
  const { origin, requests } = await startWebServer((_, response) => {
    response.writeHead(301, { location: '/elsewhere' }).end();
  });
  const { checks, failure } = await run({
    url: `${origin}/`,
    redirects: 'refuse',
    status: 301,
    'response-headers': { location: '/elsewhere' },
  });
  expect(failure).toBeUndefined();
  expect(checks).toHaveLength(2);
  expect(requests).toHaveLength(1);
});

describe('trying again', () => {
  test('ends as soon as everything holds', async () => {
    const { origin, requests } = await startWebServer((_, response) => {
      response.writeHead(requests.length < 3 ? 503 : 200).end();
    });
    const { failure, said } = await run({ url: origin, 'retry-until': '30s' }, { clock: steppedClock() });
    expect(failure).toBeUndefined();
    expect(requests).toHaveLength(3);
    expect(said.notes[0]).toBe('everything held at try 3, after 2.0 s');
    expect(said.phases.at(-1)).toContain('not yet (status: 503 Service Unavailable)');
  });

  test('ends at its limit with what was found last', async () => {
    const { origin, requests } = await startWebServer((_, response) => void response.writeHead(503).end());
    const { failure } = await run({ url: origin, 'retry-until': '2s' }, { clock: steppedClock() });
    expect(failure?.message).toContain('found 503');
    expect(requests).toHaveLength(3);
  });

  test('ends when the step is cancelled', async () => {
    const cancel = new AbortController();
    const reason = new Failure('interrupted', 'the run was ended by SIGINT');
    const { origin } = await startWebServer((_, response) => void response.writeHead(503).end());
    const running = run(
      { url: origin, 'retry-until': '1h', every: '1h' },
      {
        signal: cancel.signal,
        onPhase: (text) => {
          if (text.includes('not yet')) cancel.abort(reason);
        },
      },
    );
    expect((await running).failure).toBe(reason);
  });
});

test.each([
  ['ftp://127.0.0.1/', 'is no address of HTTP'],
  ['staging/health', 'is no address of HTTP'],
  ['http://user:pass@127.0.0.1/', 'holds a user or a password'],
])('%s is a mistake in the plan', async (url, message) => {
  const { failure } = await run({ url });
  expect(failure).toMatchObject({ code: 'plan-invalid' });
  expect(failure?.message).toContain(message);
  expect(failure?.message).not.toContain('pass@');
});

import { createHmac } from 'node:crypto';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { takesMessages } from '../../../src/language/environment/channel/kinds.ts';
import { sendMessage } from '../../../src/tell/alert/send.ts';
import { sendPing } from '../../../src/tell/alert/send-ping.ts';
import type { Sent, Surroundings } from '../../../src/tell/alert/sending.ts';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { channelsIn, surroundingsOf, worst } from '../../fixtures/alerts.ts';
import { startMailServer, type MailServer } from '../../services/mail-server.ts';
import { startReceiver, type Receiver } from '../../services/receiver.ts';

const never = new AbortController().signal;
/** In the path, where services have it. */
const token = 'T0/B0/sesame-0123456789';

let receiver: Receiver;
/** What was slept between attempts, milliseconds; nothing is really waited for. */
let pauses: number[];

beforeEach(async () => {
  receiver = await startReceiver();
  pauses = [];
});
afterEach(() => receiver.stop());

/** The real clock, on which pauses between attempts pass at once; limits are as long as they are. */
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => {
    if (signal !== undefined && ms < 20_000) {
      pauses.push(ms);
      return Promise.resolve();
    }
    return systemClock.sleep(ms, signal);
  },
};

function surroundings(clock: Clock = hasty): Surroundings {
  return surroundingsOf(
    { HOOK: `${receiver.origin}/${token}`, KEY: 'sesame-key', PASSWORD: 'sesame-mail' },
    { clock },
  );
}

async function send(yaml: string, clock?: Clock, signal = never): Promise<Sent> {
  const [channel] = channelsIn(yaml);
  if (channel === undefined || !takesMessages(channel)) throw new Error('no channel for messages');
  const sent = await sendMessage(channel, worst, surroundings(clock), signal);
  expect(sent.text).not.toMatch(/sesame/);
  return sent;
}

describe('a webhook', () => {
  test('is signed, has its headers and its own template, and secrets are filled in', async () => {
    const sent = await send(`- webhook:
    url: { env: HOOK }
    headers: { authorization: { env: KEY }, x-team: ops }
    sign: { secret: { env: KEY } }
    secrets: { routing-key: { env: KEY } }
    template: { routing_key: "{secrets.routing-key}", event_action: "{action}", n: 1, payload: { summary: "{title}", tags: ["{plan}", "{unknown"] } }`);
    expect(sent).toMatchObject({ ok: true, attempts: 1, text: 'HTTP 200 ok' });
    const [request] = receiver.requests;
    expect(JSON.parse(request?.body ?? '')).toEqual({
      routing_key: 'sesame-key',
      event_action: 'trigger',
      n: 1,
      payload: { summary: worst.title, tags: ['nightly-prod', '{unknown'] },
    });
    const hex = createHmac('sha256', 'sesame-key')
      .update(request?.body ?? '')
      .digest('hex');
    expect(request?.headers).toMatchObject({
      authorization: 'sesame-key',
      'x-team': 'ops',
      'x-signature-256': `sha256=${hex}`,
    });
  });

  test('that is throttled is tried again after the time it asks for; one that fails, after 1, 2 and 4 seconds', async () => {
    receiver.answerBy((_, response, count) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '7' });
      if (count === 2) response.writeHead(503);
      response.end('ok');
    });
    expect(await send('- webhook: { url: { env: HOOK } }')).toMatchObject({ ok: true, attempts: 3 });
    expect(pauses).toEqual([7000, 2000]);

    receiver.answerBy((_, response) => void response.writeHead(500).end(`no ${token}`));
    expect(await send('- webhook: { url: { env: HOOK } }')).toMatchObject({
      ok: false,
      attempts: 5,
      text: `${receiver.origin}: HTTP 500 no ***`,
    });
    expect(pauses.slice(2)).toEqual([1000, 2000, 4000, 8000]);
  });

  test('that asks for longer than the limit, refuses, or redirects is not tried again', async () => {
    receiver.answerBy((_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end());
    const patient = await send('- webhook: { url: { env: HOOK } }');
    expect(patient).toMatchObject({ ok: false, attempts: 1 });
    expect(patient.text).toContain('asked to wait 3600 s, longer than the limit');

    receiver.answerBy((_, response) => void response.writeHead(403).end('invalid_token'));
    expect(await send('- webhook: { url: { env: HOOK }, format: slack }')).toMatchObject({
      ok: false,
      attempts: 1,
    });

    const elsewhere = await startReceiver();
    onTestFinished(() => elsewhere.stop());
    receiver.answerBy(
      (_, response) => void response.writeHead(307, { location: `${elsewhere.origin}/${token}` }).end(),
    );
    const redirected = await send(
      '- webhook: { url: { env: HOOK }, headers: { authorization: { env: KEY } } }',
    );
    expect(redirected.text).toBe(`HTTP 307, a redirect to ${elsewhere.origin}, which is not followed`);
    expect(elsewhere.requests).toEqual([]);
  });

  test('that hangs, or whose answer never ends, is left at the limit, and at once when the run is cancelled', async () => {
    receiver.answerBy((_, response) => void response.writeHead(200).write('o'));
    expect(await send('- webhook: { url: { env: HOOK }, timeout: 1s }', systemClock)).toMatchObject({
      ok: false,
      text: 'not taken within 1s',
    });
    const cancel = new AbortController();
    const sending = send('- webhook: { url: { env: HOOK } }', systemClock, cancel.signal);
    cancel.abort(new Error('the run was ended by SIGTERM'));
    expect(await sending).toMatchObject({ ok: false, text: 'the run was ended by SIGTERM' });
  });

  test('where nobody listens, or whose secret is missing, says so', async () => {
    await receiver.stop();
    const refused = await send('- webhook: { url: { env: HOOK } }');
    expect(refused).toMatchObject({ ok: false, attempts: 5 });
    expect(refused.text).toContain('nobody listens there');
    const missing = await send('- webhook: { url: { env: NOWHERE } }');
    expect(missing).toMatchObject({ ok: false, attempts: 1 });
    expect(missing.text).toContain('environment variable NOWHERE is not set');
    receiver = await startReceiver();
  });
});

describe('a ping', () => {
  const [channel] = channelsIn('- ping: { url: { env: HOOK } }');
  const [own] = channelsIn('- ping: { url: { env: HOOK }, fail: { env: FAIL } }');
  const ping = {
    event: 'fail',
    plan: 'nightly',
    run: 'nightly-20261124T020000Z-3fa9',
    log: 'a line\n'.repeat(3000),
  } as const;

  test('has the run as a UUID, the plan in its path, and the end of the log', async () => {
    if (channel?.kind !== 'ping' || own?.kind !== 'ping') throw new Error('no ping');
    const around = surroundingsOf({
      HOOK: `${receiver.origin}/key/{plan}/?create=1`,
      FAIL: `${receiver.origin}/down`,
    });
    expect(await sendPing(channel, ping, around, never)).toMatchObject({ ok: true });
    const [request] = receiver.requests;
    expect(request?.path).toMatch(
      /^\/key\/nightly\/fail\?create=1&rid=[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(request?.body.length).toBeLessThanOrEqual(10_000);
    expect(request?.body).toMatch(/^a line\n/);

    await sendPing(own, ping, around, never);
    expect(receiver.requests[1]?.path).toBe('/down');
    expect(await sendPing(own, { ...ping, event: 'start' }, around, never)).toBeUndefined();
  });

  test('of a check that does not exist is no success, although the answer is 200', async () => {
    if (channel?.kind !== 'ping') throw new Error('no ping');
    receiver.answerBy((_, response) => void response.end('OK (not found)'));
    expect(await sendPing(channel, ping, surroundings(), never)).toMatchObject({ ok: false, attempts: 1 });
  });
});

describe('a mail', () => {
  let server: MailServer | undefined;
  afterEach(() => server?.stop());

  const mail = ({ port, ca }: MailServer, more = '', to = 'ops@cleaning.example'): string =>
    `- email: { to: [${to}], smtp: { host: localhost, port: ${String(port)}, ca: ${ca}${more} } }`;

  test('arrives whole, by STARTTLS and with a password', async () => {
    const asked: string[] = [];
    server = await startMailServer({
      onAuth: ({ username, password }, session, done) => {
        asked.push(`${username ?? ''}:${password ?? ''}:${String(session.secure)}`);
        done(null, { user: username });
      },
    });
    const sent = await send(mail(server, ', user: run-plan, password: { env: PASSWORD }'));
    expect(sent, sent.text).toMatchObject({ ok: true, attempts: 1 });
    expect(sent.text).toMatch(/^SMTP 250/);
    expect(asked).toEqual(['run-plan:sesame-mail:true']);
    const [received] = server.mails;
    expect(received).toMatchObject({ from: 'run-plan@db1', to: ['ops@cleaning.example'], secure: true });
    expect(received?.text).toContain('Subject: STILL FAILING: nightly-prod on db1, step postgres-dump');
    expect(received?.text).toContain('last good    pg_cleaning_20261121T020000Z, 3d old');
    expect(received?.text).toMatch(/Auto-Submitted: auto-generated/i);
  });

  test('is not sent with a password in clear, to a server without encryption or with a certificate of nobody', async () => {
    const asked: unknown[] = [];
    const onAuth = (
      auth: unknown,
      _: unknown,
      done: (error: null, response: { user: string }) => void,
    ): void => {
      asked.push(auth);
      done(null, { user: 'x' });
    };
    server = await startMailServer({ disabledCommands: ['STARTTLS'], onAuth });
    expect(await send(mail(server, ', user: run-plan, password: { env: PASSWORD }'))).toMatchObject({
      ok: false,
    });
    await server.stop();
    server = await startMailServer({ onAuth });
    const unknown = `- email: { to: [a@b], smtp: { host: localhost, port: ${String(server.port)}, user: u, password: { env: PASSWORD } } }`;
    expect(await send(unknown)).toMatchObject({ ok: false });
    expect(asked).toEqual([]);
    expect(server.mails).toEqual([]);
    // Without a password there is nothing to protect that a forged certificate could not have.
    expect(await send(unknown.replace(', user: u, password: { env: PASSWORD }', ''))).toMatchObject({
      ok: true,
    });
  });

  test('that is put off is sent again; one that a receiver does not get is not delivered', async () => {
    let count = 0;
    server = await startMailServer({
      onMailFrom: (_, __, done) => {
        count += 1;
        done(count === 1 ? Object.assign(new Error('greylisted'), { responseCode: 451 }) : null);
      },
      onRcptTo: ({ address }, _, done) => {
        done(
          address.startsWith('gone') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null,
        );
      },
    });
    expect(await send(mail(server))).toMatchObject({ ok: true, attempts: 2 });
    const partly = await send(mail(server, '', 'ops@cleaning.example, gone@cleaning.example'));
    expect(partly).toMatchObject({
      ok: false,
      attempts: 1,
      text: 'localhost does not take mail for gone@cleaning.example',
    });
  });

  test('to a server that accepts and says nothing ends at the limit', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const sent = await send(
      `- email: { to: [a@b], timeout: 1s, smtp: { host: 127.0.0.1, port: ${String(port)} } }`,
      systemClock,
    );
    expect(sent).toMatchObject({ ok: false });
    expect(sent.text).toContain('not taken within 1s');
  });
});

describe('a command', () => {
  test('gets the message as JSON and in variables, without a shell where it has words', async () => {
    const script =
      'read -r json; [[ $RUN_PLAN_EVENT/$RUN_PLAN_PLAN == failed/nightly-prod ]]; [[ $json == *postgres-unreachable* ]]; [[ $RUN_PLAN_ERROR == *"\\$(reboot)"* ]]';
    expect(await send(`- command: { run: '${script}' }`)).toMatchObject({ ok: true, text: 'exit 0' });
    expect(await send('- command: { argv: [test, $RUN_PLAN_PLAN, "=", $RUN_PLAN_PLAN] }')).toMatchObject({
      ok: true,
    });
  });

  test('that fails says why; one that hangs is killed with its children at its limit', async () => {
    const failed = await send("- command: { run: 'echo no modem >&2; exit 7' }");
    expect(failed).toMatchObject({ ok: false });
    expect(failed.text).toContain('no modem');
    const absent = await send('- command: { argv: [/nowhere/page] }');
    expect(absent).toMatchObject({ ok: false, attempts: 1 });
    const hung = await send("- command: { run: 'sleep 4711 & wait', timeout: 1s }", systemClock);
    expect(hung).toMatchObject({ ok: false, text: 'not taken within 1s' });
  });
});

import { chmod, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../fixtures/until.ts';
import { startReceiver, type Receiver } from '../services/receiver.ts';
import { createWorkspace, type Told, type Workspace } from './workspace.ts';

/** In the address, where most services have it: it must be seen nowhere. */
const secret = 'B00XYZ-sesame-0123';

let receiver: Receiver;
let workspace: Workspace;

beforeEach(async () => {
  receiver = await startReceiver();
  workspace = await createWorkspace();
  await environments(
    '      - webhook: { url: { env: HOOK }, format: slack }\n      - ping: { url: { env: PING } }\n',
  );
  await workspace.write(
    'plans/nightly.yaml',
    plan('echo one line; test ! -e fail || { echo no space left >&2; exit 3; }'),
  );
});

afterEach(async () => {
  await receiver.stop();
  await workspace.remove();
});

const plan = (script: string): string =>
  `environment: prod\ntimeout: 5m\nsteps:\n  - id: work\n    run: '${script}'\n    cwd: .\n`;

function environments(alerts: string): Promise<void> {
  return workspace.write(
    'plans/environments.yaml',
    `environments:\n  prod:\n    repository: { folder: repository }\n    alerts:\n${alerts}`,
  );
}

function variables(): Record<string, string> {
  return {
    HOOK: `${receiver.origin}/hook/${secret}`,
    PING: `${receiver.origin}/ping/${secret}`,
    TOKEN: 'sesame-token-77',
    INVOCATION_ID: '',
  };
}

function run(...words: readonly string[]): Promise<Told> {
  return workspace.run(words, variables());
}

async function fail(): Promise<Told> {
  await workspace.write('fail', '');
  return run('nightly');
}

async function succeed(): Promise<Told> {
  await rm(join(workspace.folder, 'fail'), { force: true });
  return run('nightly');
}

const pings = (): readonly string[] =>
  receiver
    .at('/ping')
    .map(({ path }) => path.replace(`/ping/${secret}`, '').replace(/\?rid=[0-9a-f-]{36}$/, ''));
const messages = (): readonly string[] =>
  receiver.at('/hook').map(({ body }) => (JSON.parse(body) as { readonly text: string }).text);

async function expectNoSecret(told: Told): Promise<void> {
  expect(told.text).not.toContain(secret);
  const files = await readdir(workspace.folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile()))
    expect(await readFile(join(file.parentPath, file.name), 'utf8'), file.name).not.toContain(secret);
}

describe('a failing run', () => {
  test('is told once; repeats are folded; the success after it is told, and closes the streak', async () => {
    const first = await fail();
    expect(first.code, first.text).toBe(20);
    expect(messages()).toEqual([expect.stringMatching(/^FAILED: nightly on \S+, step work$/)]);
    const { body } = receiver.at('/hook')[0] ?? { body: '' };
    for (const text of [
      'no space left',
      'run-plan history nightly',
      '*environment*  prod',
      'none: the repository holds no artifact',
    ])
      expect(body).toContain(text);
    expect(pings()).toEqual(['/start', '/fail']);
    expect(receiver.at('/ping')[1]?.body).toContain('work | no space left');
    const [rids] = [receiver.at('/ping').map(({ path }) => path.split('rid=')[1])];
    expect(new Set(rids).size).toBe(1);
    expect(first.stdout).toMatch(/alerts +told .*prod webhook \(failed\)/);
    await expectNoSecret(first);

    expect((await fail()).code).toBe(20);
    const third = await fail();
    expect(messages()).toHaveLength(1);
    expect(pings()).toEqual(['/start', '/fail', '/start', '/fail', '/start', '/fail']);
    expect((await workspace.records('nightly')).at(-1)?.alerts).toContainEqual(
      expect.objectContaining({ channel: 'prod webhook', event: 'failed', outcome: 'folded' }),
    );
    expect(third.stdout).toContain('not again prod webhook (failed)');

    const good = await succeed();
    expect(good.code, good.text).toBe(0);
    expect(messages().slice(1)).toEqual([
      expect.stringMatching(/^recovered: nightly on \S+, after 3 failures since /),
    ]);
    expect(pings().slice(-2)).toEqual(['/start', '']);
    await succeed();
    expect(messages()).toHaveLength(2);
    await fail();
    expect(messages()[2]).toMatch(/^FAILED/);
  });

  test('another error is told at once, and the time since the first is named', async () => {
    await fail();
    await workspace.write('plans/nightly.yaml', plan('echo another thing >&2; exit 4'));
    await run('nightly');
    expect(messages()[1]).toMatch(
      /^STILL FAILING: nightly on \S+, step work \(2 times since \d{4}-\d\d-\d\d \d\d:\d\d UTC\)$/,
    );
  });
});

describe('a good run is red', () => {
  test('when a ping cannot be delivered: exit 23, and the record in the repository says why', async () => {
    receiver.answerBy(({ path }, response) => {
      response.statusCode = path.startsWith('/ping') ? 404 : 200;
      response.end(`no check at ${path}`);
    });
    const told = await succeed();
    expect(told.code, told.text).toBe(23);
    const [record] = await workspace.records('nightly');
    expect(record).toMatchObject({
      outcome: 'succeeded',
      exitCode: 23,
      error: {
        code: 'alert-undelivered',
        hint: expect.stringContaining('run-plan alerts test prod') as string,
      },
      alerts: [
        { channel: 'prod ping', event: 'start', outcome: 'undelivered' },
        { channel: 'prod ping', event: 'success', outcome: 'undelivered', attempts: 1 },
        { channel: 'prod webhook', event: 'failed', outcome: 'delivered' },
      ],
    });
    expect(messages()).toEqual([expect.stringMatching(/^ALERT UNDELIVERED: nightly on \S+ went well/)]);
    expect(told.stdout).toMatch(/alerts +told prod webhook \(failed\); not delivered prod ping/);
    await expectNoSecret(told);
  });

  test('when nobody can be reached at all, and when a receiver hangs it ends within its limit', async () => {
    await environments(
      `      - webhook: { url: { env: HOOK }, format: json, timeout: 1s }\n      - ping: { url: { env: PING }, events: [success], timeout: 1s }\n`,
    );
    receiver.answerBy(() => undefined);
    const told = await succeed();
    expect(told.code, told.text).toBe(23);
    expect(told.text).toContain('not taken within 1s');

    await fail();
    await receiver.stop();
    const unreachable = await succeed();
    expect(unreachable.code, unreachable.text).toBe(23);
    expect((await workspace.records('nightly')).at(-1)?.error?.message).toMatch(
      /2 alerts were not delivered: prod webhook \(recovered\): .*; prod ping \(fail\)|an alert was not delivered/,
    );
    receiver = await startReceiver();
  });

  test('when its record cannot be stored: who heard of success hears of the failure', async () => {
    await workspace.write('plans/nightly.yaml', plan('rm -r repository; echo x > repository'));
    const told = await run('nightly');
    expect(told.code, told.text).toBe(20);
    expect(pings()).toEqual(['/start', '', '/fail']);
    expect(messages()).toEqual([expect.stringMatching(/^FAILED: nightly/)]);
  });
});

test("a failed run keeps its own exit code when nobody can be told, and a cancelled one's end is not held up", async () => {
  receiver.answerBy(() => undefined);
  await workspace.write('plans/nightly.yaml', plan('echo begun; sleep 600'));
  const started = workspace.start(['nightly'], variables());
  await started.said(/begun/);
  started.process.kill('SIGTERM');
  const told = await started.ended;
  expect(told.code, told.text).toBe(143);
  const [record] = await workspace.records('nightly');
  expect(
    record?.alerts?.filter(({ outcome }) => outcome === 'undelivered').map(({ event }) => event),
  ).toEqual(expect.arrayContaining(['failed', 'fail']));
});

describe('run-plan alerts', () => {
  test('test proves each channel, notes it, and a plan may ask for the proof', async () => {
    await environments(
      `      - webhook: { url: { env: HOOK }, headers: { authorization: { env: TOKEN } }, proof: { run: "cat arrived", within: 60s } }
      - ping: { url: { env: PING } }
      - command: { run: 'cat > message.json; echo "$RUN_PLAN_TOKEN" > token; echo "$RUN_PLAN_TOKEN"' }
`,
    );
    await workspace.write('plans/nightly.yaml', `alerts: { proof-within: 30d }\n${plan('true')}`);
    const unproven = await run('nightly');
    expect(unproven.code, unproven.text).toBe(23);
    expect(unproven.text).toContain('not proven within 30d: prod webhook (never, as it is now)');
    expect(pings()).toEqual(['/start', '/fail']);

    const tested = run('alerts', 'test', '--json');
    const sent = await until('the test has been sent', () => {
      const body = receiver.at('/hook').at(-1)?.body ?? '{}';
      return (JSON.parse(body) as { readonly token?: string }).token;
    });
    await workspace.write('arrived', `something else\n${sent}\n`);
    const told = await tested;
    expect(told.code, told.text).toBe(0);
    expect(JSON.parse(told.stdout)).toMatchObject([
      {
        channel: 'prod webhook',
        proven: true,
        text: expect.stringContaining('shows that it arrived') as string,
      },
      { channel: 'prod ping', proven: true, text: 'HTTP 200 ok' },
      { channel: 'prod command', proven: true, text: 'exit 0, it printed the token' },
    ]);
    expect(pings().at(-1)).toBe('/log');
    expect(receiver.at('/hook').at(-1)?.headers['authorization']).toBe('sesame-token-77');
    const message = JSON.parse(await readFile(join(workspace.folder, 'message.json'), 'utf8')) as unknown;
    expect(message).toMatchObject({ event: 'test', environment: 'prod', severity: 'info' });
    await expectNoSecret(told);

    expect((await run('nightly')).code).toBe(0);
    const listed = await run('alerts', 'list', '--json');
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { channel: 'prod webhook', provenAt: expect.any(String) as string },
      { channel: 'prod ping', events: ['start', 'success', 'fail'] },
      { channel: 'prod command' },
    ]);

    // An edited channel is another one.
    const text = await readFile(join(workspace.folder, 'plans/environments.yaml'), 'utf8');
    await workspace.write(
      'plans/environments.yaml',
      text.replace('ping: { url', 'ping: { timeout: 20s, url'),
    );
    expect((await run('nightly')).code).toBe(23);
  });

  test('test keeps a damaged note of proofs aside, and says so', async () => {
    await run('alerts', 'test');
    const [file = ''] = (await readdir(workspace.folder, { recursive: true })).filter((name) =>
      name.endsWith('alert-proofs.json'),
    );
    await workspace.write(file, '{"format":1,');
    const told = await run('alerts', 'test');
    expect(told.code, told.text).toBe(0);
    expect(told.stderr).toMatch(
      /alert-proofs\.json is not JSON .*it is kept as alert-proofs\.json\.damaged/s,
    );
    expect(await readFile(join(workspace.folder, `${file}.damaged`), 'utf8')).toBe('{"format":1,');
    expect((await run('alerts', 'test')).stderr).not.toContain('alert-proofs');
  });

  test('test exits 23 when a channel fails, without changing what others have proven', async () => {
    receiver.answerBy(({ path }, response) => {
      response.end(path.startsWith('/ping') ? 'OK (not found)' : 'ok');
    });
    const told = await run('alerts', 'test', 'prod');
    expect(told.code, told.text).toBe(23);
    expect(told.stdout).toMatch(/prod webhook +proven/);
    expect(told.stdout).toMatch(/prod ping +FAILED .*not found/);
    const nobody = await run('alerts', 'test', 'nowhere');
    expect(nobody.code).toBe(11);
  });

  test('unit-failed tells of a unit without a run, also when the files are broken, and adds nothing to what a run told', async () => {
    await fail();
    const monitored = (changes: Record<string, string>): Record<string, string> => ({
      ...variables(),
      MONITOR_SERVICE_RESULT: 'exit-code',
      MONITOR_EXIT_STATUS: '20',
      MONITOR_INVOCATION_ID: 'a1',
      ...changes,
    });
    const unit = (changes: Record<string, string> = {}): Promise<Told> =>
      workspace.run(['alerts', 'unit-failed', 'nightly'], monitored(changes));
    await workspace.run(['nightly'], { ...variables(), INVOCATION_ID: 'a1' });
    const before = receiver.requests.length;
    expect((await unit()).text).toContain('its run has told it');
    expect((await unit({ MONITOR_EXIT_STATUS: '12', MONITOR_INVOCATION_ID: 'a2' })).text).toContain(
      'another run',
    );
    expect(receiver.requests).toHaveLength(before);

    await workspace.write('plans/nightly.yaml', 'environment: prod\nsteps: [{ rum: true }]\n');
    const invalid = await unit({ MONITOR_EXIT_STATUS: '10', MONITOR_INVOCATION_ID: 'a3' });
    expect(invalid.code, invalid.text).toBe(0);
    expect(messages().at(-1)).toMatch(
      /^STILL FAILING: nightly on \S+, its unit: the plan is invalid \(exit 10\) \(3 times since /,
    );
    expect(receiver.at('/hook').at(-1)?.body).toContain('plans/nightly.yaml:2:');
    expect(pings().at(-1)).toBe('/fail');
    expect((await unit({ MONITOR_EXIT_STATUS: '10', MONITOR_INVOCATION_ID: 'a3' })).text).toContain(
      'told it',
    );

    // An older systemd hands nothing over: it is asked, and the journal's last lines are quoted, masked.
    await workspace.write(
      'bin/systemctl',
      `#!/bin/sh\nprintf 'InvocationID=b1\\nResult=signal\\nExecMainStatus=9\\nExecMainStartTimestamp=Fri 2100-01-01 00:00:00 UTC\\n'\n`,
    );
    // No file of the workspace holds the secret as it is.
    const leak = `curl ${variables()['HOOK'] ?? ''}`.replace('sesame', "ses''ame");
    await workspace.write('bin/journalctl', `#!/bin/sh\necho "asked for $*"; printf '%s\\n' '${leak}'\n`);
    for (const name of ['systemctl', 'journalctl']) await chmod(join(workspace.folder, 'bin', name), 0o755);
    await workspace.write('plans/nightly.yaml', plan('true'));
    const path = `${join(workspace.folder, 'bin')}:${process.env['PATH'] ?? ''}`;
    const asked = await workspace.run(['alerts', 'unit-failed', 'nightly'], { ...variables(), PATH: path });
    expect(asked.code, asked.text).toBe(0);
    expect(messages().at(-1)).toContain('its unit: it was killed (9)');
    expect(receiver.at('/hook').at(-1)?.body).toMatch(/_SYSTEMD_INVOCATION_ID=b1.*curl \*\*\*/s);

    await workspace.write('plans/environments.yaml', 'environments: [\n');
    const unreadable = await unit({
      MONITOR_SERVICE_RESULT: 'oom-kill',
      MONITOR_EXIT_STATUS: 'KILL',
      MONITOR_INVOCATION_ID: 'a4',
    });
    expect(unreadable.code, unreadable.text).toBe(0);
    expect(messages().at(-1)).toContain('the host ran out of memory (oom-kill)');
    await expectNoSecret(unreadable);
  });

  test('unit-failed tells through the channels that are known here, and names the variable that another lacks', async () => {
    await environments(
      '      - webhook: { url: { env: HOOK }, format: slack }\n      - email: { to: [ops@example.org], smtp: { host: { env: NO_MAIL } } }\n',
    );
    const told = await workspace.run(['alerts', 'unit-failed', 'nightly'], {
      ...variables(),
      MONITOR_SERVICE_RESULT: 'exit-code',
      MONITOR_EXIT_STATUS: '11',
      MONITOR_INVOCATION_ID: 'c1',
    });
    expect(told.code, told.text).toBe(0);
    expect(receiver.at('/hook').at(-1)?.body).toMatch(
      /environments\.yaml:6:\d+ the variable NO_MAIL is not set/,
    );
  });
});

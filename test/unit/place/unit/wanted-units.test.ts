import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../../../src/language/environment/bucket.ts';
import type { Step } from '../../../../src/language/plan/plan.ts';
import { readMark, unmarked } from '../../../../src/place/unit/mark.ts';
import { argument, plainValue, word } from '../../../../src/place/unit/value-text.ts';
import { planOf, prod, textOf, user, wantedFor } from './wanted.ts';

const peak = { calendar: '*-*-* 00/6:00:00 UTC', from: '2026-11-20', until: '2026-11-30' };

describe('the timer of a plan', () => {
  test('has every calendar, catches up, and starts on one host always after the same delay', async () => {
    const units = await wantedFor([planOf({ schedule: [{ calendar: '02:00' }, peak] })]);
    expect(unmarked(textOf(units, 'run-plan@nightly.timer'))).toBe(`
[Unit]
Description=run-plan nightly on time: Nightly, 100%% of it in two lines

[Timer]
# every day at 02:00 UTC
OnCalendar=02:00 UTC
# every day at 00:00, 06:00, 12:00 and 18:00 UTC, from 2026-11-20 until 2026-11-30
OnCalendar=2026-11-20..30 00/6:00:00 UTC
AccuracySec=1s
RandomizedDelaySec=60s
FixedRandomDelay=yes
Persistent=yes

[Install]
WantedBy=timers.target
`);
  });

  test.each([
    ['*:*:0/2', undefined],
    ['*:*', '6s'],
    ['*:0/5', '30s'],
    ['00/6:00', '60s'],
  ])('of %s has a jitter of %s', async (calendar, jitter) => {
    const text = textOf(await wantedFor([planOf({ schedule: [{ calendar }] })]), 'run-plan@nightly.timer');
    expect(/^RandomizedDelaySec=(?<delay>.*)$/m.exec(text)?.groups?.['delay']).toBe(jitter);
  });

  test('wakes the host and waits as long as the plan says', async () => {
    const timer = { wakeSystem: true, jitterMs: 300_000 };
    const text = textOf(await wantedFor([planOf({ timer })]), 'run-plan@nightly.timer');
    expect(text).toMatch(/^WakeSystem=yes$/m);
    expect(text).toMatch(/^RandomizedDelaySec=300s$/m);
  });

  test('bears the hash of the plan, and betrays an edit', async () => {
    const text = textOf(await wantedFor([planOf()]), 'run-plan@nightly.timer');
    expect(readMark(text)).toEqual({ plan: 'nightly', planHash: 'a'.repeat(64), isEdited: false });
    expect(readMark(text.replace('02:00', '03:00'))).toMatchObject({ plan: 'nightly', isEdited: true });
    expect(readMark(text.replace('# Text', '# text'))).toEqual({ isEdited: true });
    expect(readMark(unmarked(text))).toBeUndefined();
  });

  test('is none for a plan without a schedule, or with one that can never be', async () => {
    const never = { calendar: 'daily', from: '2026-12-02', until: '2026-12-01' };
    expect(await wantedFor([planOf({ schedule: [] }), planOf({ schedule: [never] })])).toEqual([]);
  });
});

describe('the drop-in of a plan', () => {
  const cleanup = (timeoutMs?: number): Step => ({
    id: 'drop',
    name: 'drop',
    phase: 'cleanup',
    position: 'plans/nightly.yaml:9:5',
    environment: 'prod',
    action: {
      kind: 'task',
      task: 'postgres-drop',
      parameters: { headers: { key: { credential: 'token' } } },
    },
    variables: {
      NOTIFY: { kind: 'credential', name: 'notify', position: 'plans/nightly.yaml:9:9' },
      STAGE: 'drill',
    },
    stallTimeoutMs: 1_800_000,
    retry: { times: 0, delayMs: 0, backoff: 'constant' },
    continueOnFailure: false,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });

  test('has its deadline with room for cleanup, its credentials and the folders that it writes', async () => {
    const units = await wantedFor([planOf({ steps: [cleanup(600_000), cleanup()] })]);
    expect(unmarked(textOf(units, 'run-plan@nightly.service.d/50-plan.conf'))).toBe(`
[Unit]
Wants=network-online.target
After=network-online.target

[Service]
TimeoutStartSec=8340s
TimeoutStopSec=1140s
LoadCredential=notify:/etc/run-plan/credentials/notify
LoadCredential=postgres-password:/etc/run-plan/credentials/postgres-password
LoadCredential=token:/etc/run-plan/credentials/token
ReadWritePaths=-"/var/backups/clean 100%%"
`);
  });

  test('has the credentials of declared buckets where the plan asks them with their own keys', async () => {
    const key = (name: string) => ({ kind: 'credential' as const, name, position: 'environments.yaml:9:9' });
    const bucket: Bucket = {
      name: 'cleaning-uploads',
      connection: {
        bucket: 'cleaning-uploads',
        prefix: '',
        forcePathStyle: false,
        accessKeyId: key('bucket-id'),
        secretAccessKey: key('bucket-secret'),
      },
      usedBy: [],
      create: false,
      tags: {},
      lifecycle: [],
    };
    const units = await wantedFor([planOf()], { bucketsOf: () => [bucket] });
    const text = textOf(units, 'run-plan@nightly.service.d/50-plan.conf');
    expect(text.match(/^LoadCredential=[a-z-]+/gm)).toEqual([
      'LoadCredential=bucket-id',
      'LoadCredential=bucket-secret',
      'LoadCredential=postgres-password',
    ]);
  });

  test('may lack the secrets that only alerts use; the unit of its alert may lack any', async () => {
    const url = { kind: 'credential' as const, name: 'ops-webhook', position: 'environments.yaml:9:9' };
    const alerts = [{ kind: 'ping' as const, name: 'prod ping', events: [], timeoutMs: 1, url }];
    const units = await wantedFor([planOf()], { environmentsOf: () => [{ ...prod, alerts }] });
    const optional = (path: string): readonly string[] =>
      textOf(units, path)
        .split('\n')
        .filter((line) => line.startsWith('SetCredential='));
    expect(optional('run-plan@nightly.service.d/50-plan.conf')).toEqual(['SetCredential=ops-webhook:\\n']);
    expect(optional('run-plan-alert@nightly.service.d/50-plan.conf')).toEqual([
      'SetCredential=ops-webhook:\\n',
      'SetCredential=postgres-password:\\n',
    ]);
  });

  test('shows a folder that the template hides', async () => {
    const hidden = (folder: string) => ({
      ...prod,
      repository: { store: { kind: 'folder' as const, folder } },
    });
    const units = await wantedFor([planOf()], {
      environmentsOf: () => [hidden('/tmp/a'), hidden('/home/b')],
    });
    const text = textOf(units, 'run-plan@nightly.service.d/50-plan.conf');
    expect(text).toContain(
      '\nProtectHome=read-only\nBindPaths=-/tmp/a\nReadWritePaths=-/home/b\nReadWritePaths=-/tmp/a\n',
    );
  });
});

describe('what units share', () => {
  test('is the program by its whole path, and the settings', async () => {
    const units = await wantedFor([planOf()], {
      place: {
        node: '/opt/a b/node',
        launcher: '/opt/$x/bin/run-plan.cjs',
        workingFolder: '/etc/run-plan',
        stateFolder: '/data/state',
        metricsFolder: '/var/lib/collected',
      },
    });
    const text = textOf(units, 'run-plan@.service.d/50-host.conf');
    expect(text).toContain('\nExecStart=\nExecStart="/opt/a b/node" "/opt/$$x/bin/run-plan.cjs" run %i\n');
    expect(text).toContain(
      '\nStateDirectory=\nReadWritePaths=-/data/state\nReadWritePaths=-/var/lib/collected\n',
    );
    expect(textOf(units, 'run-plan-alert@.service.d/50-host.conf')).toContain(
      'run-plan.cjs" alerts unit-failed %i\n',
    );
  });

  test('may write the folder of metrics and keeps its state with systemd', async () => {
    const units = await wantedFor([planOf()], {
      place: {
        node: '/usr/bin/node',
        launcher: '/usr/lib/run-plan/bin/run-plan.cjs',
        workingFolder: '/etc/run-plan',
        metricsFolder: '/var/lib/collected',
      },
    });
    const text = textOf(units, 'run-plan@.service.d/50-host.conf');
    expect(text).toContain('\nReadWritePaths=-/var/lib/collected\n');
    expect(text).not.toContain('StateDirectory=');
  });

  test("for an account's own units asks nothing that only the system can give", async () => {
    const units = await wantedFor([planOf()], { scope: user });
    const text = units.map((unit) => (unit.kind === 'text' ? unit.text : '')).join('\n');
    expect(text).not.toMatch(/^(User|CapabilityBoundingSet|ProtectSystem|PrivateTmp|ReadWritePaths)=/m);
    expect(text).toMatch(/^NoNewPrivileges=yes$/m);
    expect(text).toMatch(
      /^LoadCredential=postgres-password:\/home\/ann\/\.config\/run-plan\/credentials\/postgres-password$/m,
    );
    expect(units.find(({ kind }) => kind === 'link')).toMatchObject({
      path: 'timers.target.wants/run-plan@nightly.timer',
      target: '/home/ann/.config/systemd/user/run-plan@nightly.timer',
    });
  });

  test('comes out the same every time', async () => {
    expect(await wantedFor([planOf()])).toEqual(await wantedFor([planOf()]));
  });
});

describe('a value', () => {
  test.each([
    ['/plain-1.2/path', '/plain-1.2/path'],
    ['/with space', '"/with space"'],
    ['/100%', '/100%%'],
    ['/say "hi"\\', '"/say \\"hi\\"\\\\"'],
    ['/line\nbreak', '"/line\\x0abreak"'],
  ])('%j is the word %s', (text, expected) => {
    expect(word(text)).toBe(expected);
  });

  test('in a command has its dollars doubled', () => {
    expect(argument('/a/$HOME')).toBe('"/a/$$HOME"');
  });

  test.each(['/line\nbreak', ' /blank', '/blank ', '/joins\\'])('%j cannot be a whole line', (text) => {
    expect(() => plainValue(text)).toThrow('cannot be written into a unit file');
  });
});

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { startReceiver, type Receiver } from '../services/receiver.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { startSystemd, type RunningSystemd } from '../services/systemd.ts';
import { until } from '../fixtures/until.ts';
import { createWorkspace, nightlyPlan, postgresYaml, type Workspace } from './workspace.ts';

/** Namespaces and control groups of its own are root's to make, on Linux. */
const canBoot = process.platform === 'linux' && process.getuid?.() === 0;

const services = inject('services');
/** A unit's run and what follows it, on a loaded machine, milliseconds. */
const patienceMs = 60_000;
const node = '/srv/run-plan/node_modules/.bin/node';

let workspace: Workspace;
let database: TestDatabase;
let systemd: RunningSystemd;
let receiver: Receiver;

interface AppliedChange {
  readonly action: string;
  readonly path: string;
  readonly reason: string;
  readonly lines: readonly string[];
}

interface ToldTimer {
  readonly plan: string;
  readonly nextElapseAt: string | null;
  readonly result: string;
  readonly drift: readonly unknown[];
  readonly timer: { readonly active: string; readonly enabled: string } | null;
}

describe.runIf(canBoot)('a real systemd (which only root on Linux can boot)', () => {
  beforeAll(async () => {
    database = await createDatabase(services);
    await database.query('create table orders as select n from generate_series(1, 1000) n');
    receiver = await startReceiver();
    workspace = await createWorkspace();
    await rm(join(workspace.folder, 'run-plan.yaml'));
    await workspace.write('run-plan.yaml', 'plans: plans\nmetrics: { folder: collected }\n');
    await mkdir(join(workspace.folder, 'collected'));
    systemd = await startSystemd(workspace.folder);
    await systemd.run('chown', ['run-plan', 'repository', 'collected']);
    await workspace.write('password', services.postgres.password);
    await systemd.run('cp', ['password', '/etc/run-plan/credentials/postgres-password']);
    await systemd.run('chmod', ['600', '/etc/run-plan/credentials/postgres-password']);
    await rm(join(workspace.folder, 'password'));
    await workspace.write('hook', `${receiver.origin}/hook`);
    await systemd.run('mv', ['hook', '/etc/run-plan/credentials/ops-webhook']);
    await systemd.run('chmod', ['600', '/etc/run-plan/credentials/ops-webhook']);
    const postgres = postgresYaml(services, database.name, { password: '{ credential: postgres-password }' });
    await workspace.write(
      'plans/environments.yaml',
      `environments:
  prod:
    postgres: ${postgres}
    repository: { folder: repository }
    alerts: [{ webhook: { url: { credential: ops-webhook } } }]
  scratch:
    postgres: { ephemeral: true }
    repository: { folder: repository }
`,
    );
  });

  afterAll(async () => {
    await systemd.stop();
    await receiver.stop();
    await dropDatabase(services, database);
    await workspace.remove();
  });

  beforeEach(async () => {
    receiver.requests.length = 0;
    // A folder without any plan is taken for the wrong one.
    await workspace.write(
      'plans/by-hand.yaml',
      'environment: prod\ntimeout: 1m\nsteps:\n  - run: echo by hand\n',
    );
  });

  afterEach(async () => {
    for (const name of await readdir(join(workspace.folder, 'plans')))
      if (!['environments.yaml', 'by-hand.yaml'].includes(name))
        await rm(join(workspace.folder, 'plans', name));
    await apply();
  });

  test('installs a timer, moves it when the YAML says so, and removes it with its plan', async () => {
    await workspace.write('plans/nightly.yaml', nightlyPlan);
    expect((await apply()).map(({ path }) => path)).toContain('run-plan@nightly.timer');
    expect(await apply()).toEqual([]);
    expect(await timers()).toMatchObject([
      { plan: 'nightly', drift: [], timer: { active: 'active', enabled: 'enabled' } },
    ]);
    expect(await nextElapse('nightly')).toMatch(/T02:0[01]:/);

    await workspace.write('plans/nightly.yaml', nightlyPlan.replace('02:00:00 UTC', '14:30:00 UTC'));
    expect(await timers()).toMatchObject([{ drift: [{ action: 'change' }, {}, {}] }]);
    const moved = await apply();
    expect(moved.flatMap(({ lines }) => lines)).toContain('+ OnCalendar=*-*-* 14:30:00 UTC');
    expect(await nextElapse('nightly')).toMatch(/T14:3[01]:/);
    expect(await apply()).toEqual([]);

    await systemd.systemctl('disable', '--now', 'run-plan@nightly.timer');
    expect((await apply()).map(({ reason }) => reason).sort()).toEqual([
      'the timer does not run',
      'the timer is not enabled',
    ]);
    expect(await apply()).toEqual([]);

    const path = '/etc/systemd/system/run-plan@nightly.timer';
    await systemd.run('sed', ['-i', 's/14:30/16:30/', path]);
    await expect(apply([])).rejects.toThrow('somebody has edited it');
    expect((await systemd.run('grep', ['-c', '16:30', path])).stdout).not.toBe('0\n');
    expect(await apply()).toMatchObject([{ action: 'change', reason: 'somebody has edited it' }]);
    expect(await nextElapse('nightly')).toMatch(/T14:3[01]:/);

    await rm(join(workspace.folder, 'plans/nightly.yaml'));
    expect((await apply()).every(({ action }) => action === 'remove')).toBe(true);
    expect(await apply()).toEqual([]);
    expect(await systemd.systemctl('list-timers', '--all')).not.toContain('run-plan');
    const left = await systemd.run('find', ['/etc/systemd/system', '-type', 'f', '-o', '-type', 'l']);
    expect(left.stdout).toBe('');
  });

  test('a watch notices a timer that somebody has disabled', async () => {
    const environments = await readFile(join(workspace.folder, 'plans/environments.yaml'), 'utf8');
    await workspace.write(
      'plans/environments.yaml',
      `${environments}  here:\n    repository: { folder: watched }\n`,
    );
    await workspace.write('plans/nightly.yaml', nightlyPlan);
    await workspace.write(
      'plans/watch.yaml',
      plan('hourly', '  - task: timer-check\n').replace('prod', 'here'),
    );
    await apply();
    // Whom systemd answers without a message bus is root alone.
    const watch = (): ReturnType<RunningSystemd['run']> =>
      systemd.run('env', ['STATE_DIRECTORY=/run/watched', node, ...launcher, 'run', 'watch']);
    const good = await watch();
    expect(good.code, good.stdout).toBe(0);
    await systemd.systemctl('disable', '--now', 'run-plan@nightly.timer');
    const bad = await watch();
    expect(bad.code, bad.stdout).toBe(21);
    expect(bad.stdout).toContain('run-plan@nightly.timer: the timer is not enabled');
    expect(bad.stdout).toContain('run-plan@nightly.timer: the timer does not run');
    expect(bad.stdout).not.toContain('timer of watch');
    await workspace.write('plans/environments.yaml', environments);
  });

  test('a timer fires and makes a real backup as its own user, and a throw-away cluster restores it', async () => {
    await workspace.write(
      'plans/often.yaml',
      plan('*:*:0/2', '  - task: postgres-dump\n  - task: artifact-verify\n'),
    );
    await apply();
    // On a slow host the next run begins as soon as one has ended, so that the unit is hardly ever seen at rest.
    await until('a run', async () => (await workspace.records('often')).length > 0, patienceMs);
    await systemd.systemctl('stop', 'run-plan@often.timer');
    await ended('often');
    const [record] = await workspace.records('often');
    expect(record, JSON.stringify(record?.error)).toMatchObject({ outcome: 'succeeded', complete: true });
    expect(await show('often', 'Result')).toBe('success');
    const owners = await systemd.run('stat', [
      '-c',
      '%U',
      'repository/' + ((await workspace.artifactKeys())[0] ?? ''),
    ]);
    expect(owners.stdout.trim()).toBe('run-plan');
    const metrics = join('collected', 'run-plan-often.prom');
    expect(await readFile(join(workspace.folder, metrics), 'utf8')).toContain(
      'run_plan_last_run_exit_code{plan="often"} 0\n',
    );
    // The collector is another account.
    expect((await systemd.run('stat', ['-c', '%a %U', metrics])).stdout).toBe('644 run-plan\n');

    const restore = `  - task: postgres-restore\n    with: { from: prod, artifact: latest, database: "\${run.scratch}" }\n  - task: sql-check\n    with: { checks: [{ name: rows, sql: "select count(*) = 1000 from orders" }] }\n`;
    await workspace.write(
      'plans/drill.yaml',
      plan('yearly', restore).replace('environment: prod', 'environment: scratch'),
    );
    await apply();
    const started = await systemd.run('systemctl', ['start', 'run-plan@drill.service']);
    const [drill] = await workspace.records('drill');
    expect(drill?.outcome, `${started.stderr}${JSON.stringify(drill?.error)}`).toBe('succeeded');
  });

  test('a folder with any name is written to, and nothing else is', async () => {
    const odd = 'odd 100% "$HOME" \\n; it\'s';
    await mkdir(join(workspace.folder, odd));
    await systemd.run('chown', ['run-plan', odd]);
    await workspace.write(
      'plans/odd.yaml',
      plan(
        'yearly',
        '  - task: postgres-dump\n  - task: artifact-verify\n  - run: "! touch plans/new"\n',
      ).replace('environment: prod', 'environment: odd'),
    );
    const environments = await readFile(join(workspace.folder, 'plans/environments.yaml'), 'utf8');
    const postgres = postgresYaml(services, database.name, { password: '{ credential: postgres-password }' });
    await workspace.write(
      'plans/environments.yaml',
      `${environments}  odd:\n    postgres: ${postgres}\n    repository: { folder: ${JSON.stringify(odd)} }\n`,
    );
    await apply();
    const { code, stderr } = await systemd.run('systemctl', ['start', 'run-plan@odd.service']);
    expect(code, stderr).toBe(0);
    expect((await readdir(join(workspace.folder, odd))).some((name) => name.startsWith('pg_'))).toBe(true);
    await workspace.write('plans/environments.yaml', environments);
  });

  test('a failed run is heard once, by itself; a unit that cannot start, by OnFailure=', async () => {
    await workspace.write('plans/broken.yaml', plan('yearly', '  - run: exit 3\n'));
    await apply();
    expect((await systemd.run('systemctl', ['start', 'run-plan@broken.service'])).code).not.toBe(0);
    const told = await alertEnded('broken');
    expect(heard()).toEqual([expect.stringMatching(/^FAILED: broken on \S+, step run-1$/)]);
    expect(await timers()).toMatchObject([{ plan: 'broken', result: 'exit-code (exit 20)' }]);
    expect((await systemd.run(node, [...launcher, 'timers', '--check'])).code).toBe(22);

    await dropIn('run-plan@broken.service', '[Service]\nExecStart=\nExecStart=/usr/bin/nobody-is-here\n');
    expect((await systemd.run('systemctl', ['start', 'run-plan@broken.service'])).code).not.toBe(0);
    await alertEnded('broken', told);
    expect(heard().slice(1)).toEqual([
      expect.stringMatching(
        /^STILL FAILING: broken on \S+, its unit: systemd could not start the program \(exit 203\) \(2 times since /,
      ),
    ]);
    expect(await show('broken', 'Result', 'run-plan-alert@')).toBe('success');
    await systemd.run('rm', ['-r', '/etc/systemd/system/run-plan@broken.service.d/90-test.conf']);
  });

  test('a missing secret is heard; one of an alert keeps no backup from running, and makes it red', async () => {
    const secret = (name: string): string => `/etc/run-plan/credentials/${name}`;
    await workspace.write('plans/lacking.yaml', plan('yearly', '  - run: echo fine\n'));
    await apply();
    await systemd.run('mv', [secret('postgres-password'), '/run/aside']);
    expect((await systemd.run('systemctl', ['start', 'run-plan@lacking.service'])).code).not.toBe(0);
    const told = await alertEnded('lacking');
    expect(heard()).toEqual([
      expect.stringMatching(
        /^FAILED: lacking on \S+, its unit: systemd could not load its credentials \(exit 243\)$/,
      ),
    ]);
    await systemd.run('mv', ['/run/aside', secret('postgres-password')]);

    await systemd.run('mv', [secret('ops-webhook'), '/run/aside']);
    expect((await systemd.run('systemctl', ['start', 'run-plan@lacking.service'])).code).not.toBe(0);
    await alertEnded('lacking', told);
    expect((await workspace.records('lacking')).at(-1)).toMatchObject({
      outcome: 'succeeded',
      exitCode: 23,
      error: { message: expect.stringContaining('systemd credential ops-webhook is empty') as string },
    });
    await systemd.run('mv', ['/run/aside', secret('ops-webhook')]);
  });

  test('an overrun is stopped at its deadline, cleaned up after, and told', async () => {
    await workspace.write(
      'plans/slow.yaml',
      `${plan('yearly', '  - run: echo $$ > repository/pid; (sleep 9871 & sleep 9871; wait)\n')}cleanup:\n  - run: echo done > repository/cleaned\n`,
    );
    await apply();
    await dropIn('run-plan@slow.service', '[Service]\nTimeoutStartSec=4\n');
    expect((await systemd.run('systemctl', ['start', 'run-plan@slow.service'])).code).not.toBe(0);
    await until('the end', async () => (await show('slow', 'ActiveState')) === 'failed', patienceMs);
    expect(await show('slow', 'Result')).toBe('timeout');
    expect(await readFile(join(workspace.repositoryFolder, 'cleaned'), 'utf8')).toBe('done\n');
    expect((await workspace.records('slow')).at(-1)).toMatchObject({ outcome: 'cancelled', complete: true });
    const living = await systemd.run('sh', [
      '-c',
      "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 987[1]'",
    ]);
    expect(living.stdout).toBe('0\n');
    const lock = '/var/lib/run-plan/locks/slow.lock';
    expect(await systemd.run('flock', ['--nonblock', lock, 'true'])).toMatchObject({ code: 0 });
    await alertEnded('slow');
    expect(heard()).toEqual([expect.stringMatching(/^CANCELLED: slow on \S+, step run-1$/)]);
  });

  test('two triggers at once run once', async () => {
    const wait = '  - run: echo ran >> repository/ran; until [ -e repository/go ]; do sleep 0.1; done\n';
    await workspace.write('plans/twice.yaml', plan('*:*:*', wait));
    await apply();
    const ran = async (): Promise<string> =>
      readFile(join(workspace.repositoryFolder, 'ran'), 'utf8').catch(() => '');
    await until('the first', async () => (await ran()) !== '', patienceMs);
    await systemd.systemctl('start', '--no-block', 'run-plan@twice.service');
    const byHand = await systemd.run('setpriv', [
      ...[
        '--reuid',
        'run-plan',
        '--regid',
        'run-plan',
        '--clear-groups',
        'env',
        'STATE_DIRECTORY=/var/lib/run-plan',
      ],
      ...[node, ...launcher, 'run', 'twice'],
    ]);
    expect(byHand.code, byHand.stderr).toBe(12);
    await systemd.systemctl('stop', 'run-plan@twice.timer');
    await writeFile(join(workspace.repositoryFolder, 'go'), '');
    await until('the end', async () => (await show('twice', 'ActiveState')) === 'inactive', patienceMs);
    expect(await ran()).toBe('ran\n');
    const outcomes = (await workspace.records('twice')).map(({ outcome, exitCode }) => [outcome, exitCode]);
    expect(outcomes.sort()).toEqual([
      ['failed', 12],
      ['succeeded', 0],
    ]);
  });

  test("an account's own systemd runs its plans without being root", async () => {
    const variables = ['HOME=/run/account', 'XDG_RUNTIME_DIR=/run/user/64998'];
    const account = ['--reuid', 'account', '--regid', 'account', '--clear-groups', 'env', ...variables];
    const as = (...words: readonly string[]): ReturnType<RunningSystemd['run']> =>
      systemd.run('setpriv', [...account, ...words]);
    for (const folder of ['/run/user/64998', '/run/account', 'own'])
      await systemd.run('install', ['-d', '-o', 'account', '-m', '755', folder]);
    // As user@.service does it.
    await unit(
      'account.service',
      '[Service]\nType=notify\nUser=account\nDelegate=yes\nEnvironment=XDG_RUNTIME_DIR=/run/user/64998\nExecStart=/bin/sh -c "exec $$(ls /usr/lib/systemd/systemd /lib/systemd/systemd | head -1) --user"\n',
    );
    await systemd.systemctl('start', 'account.service');
    try {
      const environments = await readFile(join(workspace.folder, 'plans/environments.yaml'), 'utf8');
      await workspace.write(
        'plans/environments.yaml',
        `${environments}  own:\n    repository: { folder: own }\n`,
      );
      await workspace.write(
        'plans/own.yaml',
        plan('*:*:0/2', '  - run: id -un > own/who\n').replace('prod', 'own'),
      );
      const applied = await as(node, ...launcher, 'apply', '--user');
      expect(applied.code, applied.stderr).toBe(0);
      const told = async (): Promise<string> =>
        readFile(join(workspace.folder, 'own/who'), 'utf8').catch(() => '');
      await until('a run by the timer', async () => (await told()) === 'account\n', patienceMs);
      await as('systemctl', '--user', 'stop', 'run-plan@own.timer');
      await until(
        'the end of the run',
        async () =>
          !(await as('systemctl', '--user', 'is-active', 'run-plan@own.service')).stdout.startsWith(
            'activating',
          ),
        patienceMs,
      );
      const shown = await as(node, ...launcher, 'timers', '--user', '--json');
      expect(JSON.parse(shown.stdout)).toMatchObject({
        folder: '/run/account/.config/systemd/user',
        timers: [
          {
            plan: 'own',
            drift: [{ action: 'start' }],
            lastRun: { outcome: 'succeeded' },
            timer: { active: 'inactive', enabled: 'enabled' },
          },
        ],
      });
    } finally {
      await systemd.systemctl('stop', 'account.service');
    }
  });

  test('a run that was missed while the host was off is caught up', async () => {
    await workspace.write(
      'plans/daily.yaml',
      `${plan('daily', '  - run: echo caught up\n')}timer: { jitter: 0s }\n`,
    );
    await apply();
    expect(await workspace.records('daily')).toEqual([]);
    // What a host looks like that was off for two days: the timer does not run, its stamp is old.
    await systemd.systemctl('stop', 'run-plan@daily.timer');
    await systemd.run('touch', ['-d', '2 days ago', '/var/lib/systemd/timers/stamp-run-plan@daily.timer']);
    await systemd.systemctl('start', 'run-plan@daily.timer');
    await until('the missed run', async () => (await workspace.records('daily')).length === 1, patienceMs);
    expect(await workspace.records('daily')).toMatchObject([{ outcome: 'succeeded' }]);
  });
});

const launcher = ['/srv/run-plan/bin/run-plan.cjs'];

function plan(calendar: string, steps: string): string {
  return `environment: prod\nschedule: [{ calendar: "${calendar}" }]\ntimeout: 5m\nsteps:\n${steps}`;
}

/** What diff shows of the units, and apply then does. */
async function apply(flags: readonly string[] = ['--yes']): Promise<readonly AppliedChange[]> {
  const shown = await systemd.run(node, [...launcher, 'diff', '--json']);
  if (![0, 22].includes(shown.code)) throw new Error(`diff: ${shown.stderr}`);
  const found = JSON.parse(shown.stdout) as { kind: string; changes: readonly AppliedChange[] }[];
  const { code, stderr } = await systemd.run(node, [...launcher, 'apply', ...flags]);
  if (code !== 0) throw new Error(`apply: ${stderr}`);
  return found.filter(({ kind }) => kind === 'units').flatMap(({ changes }) => changes);
}

async function timers(): Promise<readonly ToldTimer[]> {
  const { stdout, stderr } = await systemd.run(node, [...launcher, 'timers', '--json']);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { readonly timers: readonly ToldTimer[] }).timers;
}

async function nextElapse(name: string): Promise<string> {
  return (await timers()).find((timer) => timer.plan === name)?.nextElapseAt ?? 'never';
}

async function show(name: string, property: string, prefix = 'run-plan@'): Promise<string> {
  const text = await systemd.systemctl(
    'show',
    '--value',
    `--property=${property}`,
    `${prefix}${name}.service`,
  );
  return text.trim();
}

/** Titles of what was told. */
function heard(): readonly string[] {
  return receiver.requests.map(({ body }) => (JSON.parse(body) as { readonly title: string }).title);
}

/** When the unit that OnFailure= starts last ended, in systemd's own words; `0` for never. */
async function alertEnd(name: string): Promise<string> {
  const unit = `run-plan-alert@${name}.service`;
  const property = 'ExecMainExitTimestampMonotonic';
  return (await systemd.systemctl('show', '--value', `--property=${property}`, unit)).trim();
}

/** Waits until it has ended again; while it runs systemd says 0. */
async function alertEnded(name: string, before = '0'): Promise<string> {
  let end = before;
  const hasEnded = async (): Promise<boolean> => {
    end = await alertEnd(name);
    return end !== '0' && end !== before;
  };
  await until('the end of the alert', hasEnded, patienceMs);
  return end;
}

async function unit(name: string, text: string): Promise<void> {
  await workspace.write('unit', text);
  await systemd.run('mv', ['unit', `/etc/systemd/system/${name}`]);
  await systemd.systemctl('daemon-reload');
}

/** Waits until a run of the plan has ended and none is active: what it wrote is whole then. */
async function ended(name: string): Promise<void> {
  const hasEnded = async (): Promise<boolean> =>
    (await show(name, 'ExecMainExitTimestamp')) !== '' &&
    ['inactive', 'failed'].includes(await show(name, 'ActiveState'));
  await until(`the end of a run of ${name}`, hasEnded, patienceMs);
}

/** An operator's own drop-in, which outlives every apply. */
async function dropIn(unit: string, text: string): Promise<void> {
  await systemd.run('mkdir', ['-p', `/etc/systemd/system/${unit}.d`]);
  await workspace.write('drop-in', text);
  await systemd.run('mv', ['drop-in', `/etc/systemd/system/${unit}.d/90-test.conf`]);
  await systemd.systemctl('daemon-reload');
}

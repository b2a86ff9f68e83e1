import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asCommandFailure } from '../../../src/process/bind-shell.ts';
import { isRunning } from '../../fixtures/is-running.ts';
import { until } from '../../fixtures/until.ts';
import { startAttempt } from './attempt.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-shell-'));
  for (const [name, text] of Object.entries({ 'b.txt': 'two\n', 'a b.txt': 'one\n', 'c.log': 'no\n' }))
    writeFileSync(join(folder, name), text);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('it pipes, globs, quotes, reads lines and JSON, writes files and takes input', async () => {
  const { $, alive } = startAttempt({ cwd: folder });
  expect(await $`cat *.txt`.pipe`tr a-z A-Z`.text()).toBe('ONE\nTWO\n');
  expect(await $`cat *.txt | sort -r`.lines()).toEqual(['two', 'one']);
  const odd = `a b'"$(id)\``;
  expect(await $`printf %s ${odd}`.text()).toBe(odd);
  expect(await $`printf '%s,' ${['x y', '*']}`.text()).toBe('x y,*,');
  expect(await $`echo '{"a": 1}'`.json()).toEqual({ a: 1 });
  expect((await $({ input: 'told' })`cat`).stdout).toBe('told');
  await $`echo kept > ${join(folder, 'out')}`;
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('kept\n');
  await until('no group is left', () => alive.size === 0);
});

test('a bad end is thrown with what it said, under set -euo pipefail; a Failure with fields is made of it', async () => {
  const { $ } = startAttempt();
  for (const failing of [$`false | cat`.quiet(), $`echo "$NEVER_SET"`.quiet()])
    await expect(failing).rejects.toMatchObject({ ok: false });
  const error = await $`echo "bad sesame" >&2; exit 5`.quiet().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ exitCode: 5, stderr: 'bad sesame\n' });
  expect(asCommandFailure(error, (text) => text.replaceAll('sesame', '***'))).toMatchObject({
    code: 'command-failed',
    message: 'a command exited with 5: bad ***',
    fields: { exit: 5, stderr: ['bad ***'] },
  });
  expect((await $`exit 7`.nothrow()).exitCode).toBe(7);
});

test('a failure that a task comes to late is no end of run-plan', async () => {
  const { $ } = startAttempt();
  const late = $`exit 3`.quiet();
  // Long after the first has ended: a process takes some milliseconds.
  for (let count = 0; count < 20; count += 1) await $`true`;
  await expect(late).rejects.toMatchObject({ exitCode: 3 });
});

test('it sees what every program sees, and what it is given', async () => {
  const { $ } = startAttempt({
    inherited: { PATH: process.env['PATH'], SMTP_PASSWORD: 'sesame', BASH_ENV: '/nowhere' },
    environment: { RUN_PLAN_RUN_ID: 'r' },
  });
  const names = async (lines: Promise<string[]>): Promise<readonly string[]> =>
    (await lines)
      .map((line) => line.slice(0, line.indexOf('=')))
      .filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))
      .sort();
  expect(await names($`env`.lines())).toEqual(['PATH', 'RUN_PLAN_RUN_ID']);
  expect(await names($({ env: { TOKEN: 'x' } })`env`.lines())).toEqual(['PATH', 'RUN_PLAN_RUN_ID', 'TOKEN']);
  expect(await names($`true`.pipe`env`.lines())).toEqual(['PATH', 'RUN_PLAN_RUN_ID']);
  expect(await names($`true`.pipe`cat`.pipe`env`.lines())).toEqual(['PATH', 'RUN_PLAN_RUN_ID']);
});

test('the right side of a pipe is of the same attempt: its folder, its words, its end', async () => {
  const { $, output, abort, alive } = startAttempt({ cwd: folder });
  expect((await $`true`.pipe`pwd; echo "warned sesame" >&2`).stdout).toBe(`${folder}\n`);
  expect(output).toEqual(['stderr: warned ***']);
  const running = $`sleep 71`.pipe`echo $$ >&2; trap '' PIPE; sleep 72`;
  running.catch(() => undefined);
  const group = Number((await until('the second command', () => output[1])).replace('stderr: ', ''));
  expect(alive.size).toBe(2);
  abort.abort(new Error('stop'));
  await until('no group is left', () => alive.size === 0);
  expect(isRunning(group)).toBe(false);
});

test('standard error is told line by line and redacted, output when it is verbose, nothing when it is quiet', async () => {
  const { $, output, lives } = startAttempt();
  await $`echo said; echo "warned sesame" >&2`;
  await $({ verbose: true })`echo "shown sesame"; printf last`;
  await $({ quiet: true })`echo hidden >&2`;
  expect(output).toEqual(['stderr: warned ***', 'stdout: shown ***', 'stdout: last']);
  expect(lives()).toBeGreaterThan(0);
});

test('the whole group dies with the attempt, at its own limit, and when the attempt forgets it', async () => {
  const { $, abort, alive, end } = startAttempt({ cwd: folder });
  const running = $`sleep 601 & echo $! > child; wait`.quiet().catch((error: unknown) => error);
  const child = await until('a child', () => pidIn('child'));
  abort.abort(new Error('stop'));
  await running;
  await until('no group is left', () => alive.size === 0);
  expect(isRunning(child)).toBe(false);

  const other = startAttempt({ cwd: folder });
  const limited = other.$({ timeout: '100ms' })`sleep 602 & echo $! > limited; wait`.quiet();
  await expect(limited).rejects.toMatchObject({ signal: 'SIGTERM' });
  await until('no group is left', () => other.alive.size === 0);
  expect(isRunning(pidIn('limited') ?? 0)).toBe(false);
  other.$`sleep 603`.quiet().catch(() => undefined);
  await until('a group', () => other.alive.size > 0);
  await other.end();
  await until('no group is left', () => other.alive.size === 0);
  await end();
});

test('endless output ends the command and not the memory', async () => {
  const { $, output } = startAttempt();
  const error = await $`yes`.quiet().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ ok: false });
  expect(output).toEqual(['stderr: run-plan: ended a command that printed more than 16777216 bytes']);
});

function pidIn(name: string): number | undefined {
  const path = join(folder, name);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) || undefined : undefined;
}

test('a command that ends before it has read what is piped to it is no end of run-plan', async () => {
  const { $, alive } = startAttempt();
  expect(await $`seq 200000`.pipe`head -n 1`.text()).toBe('1\n');
  await expect($`seq 200000`.pipe`echo full >&2; exit 9`.quiet()).rejects.toMatchObject({ exitCode: 9 });
  await until('no group is left', () => alive.size === 0);
});

test('the command that broke a pipe is told, and not the one that zx ended for it', async () => {
  const { $ } = startAttempt();
  const error = await $`sleep 0.1; exit 4`.pipe`sleep 30`.catch((thrown: unknown) => thrown);
  expect(asCommandFailure(error, String)).toMatchObject({
    message: 'a command exited with 4',
    fields: { exit: 4 },
  });
});

test('what left its group and holds the output open is not waited for', async () => {
  const { $ } = startAttempt();
  const { stdout } = await $`setsid sleep 20 & echo $!`;
  process.kill(Number(stdout), 'SIGKILL');
}, 10_000);

test('a limit of its own ends a command that heeds no SIGTERM', async () => {
  const { $, alive } = startAttempt();
  await expect($`trap '' TERM; sleep 20; sleep 20`.timeout(100)).rejects.toMatchObject({ ok: false });
  await until('no group is left', () => alive.size === 0);
}, 10_000);

test('what could not be started says so', async () => {
  const { $ } = startAttempt();
  const failureOf = async (command: Promise<unknown>): Promise<unknown> =>
    asCommandFailure(await command.catch((thrown: unknown) => thrown), String);
  expect(await failureOf($({ cwd: '/nowhere' })`pwd`)).toMatchObject({
    code: 'command-failed',
    message: expect.stringMatching(/^a command could not be started: .*ENOENT/) as string,
  });
  expect(await failureOf($({ env: { LARGE: 'x'.repeat(200_000) } })`true`)).toMatchObject({
    code: 'command-failed',
    message: 'bash could not be started: E2BIG',
  });
});

test('a command that nothing is told finds the end of its input; what is piped or written at once it reads', async () => {
  const { $ } = startAttempt();
  expect(await $`cat; echo read`.text()).toBe('read\n');
  expect(await $`echo piped`.pipe`sleep 0.1; cat`.text()).toBe('piped\n');
  expect(await $`echo piped`.pipe($`sleep 0.1; cat`).text()).toBe('piped\n');
  const written = $`cat`;
  written.stdin.end('written');
  expect(await written.text()).toBe('written');
}, 10_000);

test('a command that reached its own limit is told so, whatever ended it', async () => {
  const { $ } = startAttempt();
  for (const limited of [
    $({ timeout: '100ms' })`sleep 30`,
    $`sleep 30`.timeout(100),
    $`true`.pipe`sleep 30`.timeout(100),
  ]) {
    const error = await limited.catch((thrown: unknown) => thrown);
    expect(asCommandFailure(error, String)).toMatchObject({ message: 'a command did not end within 100 ms' });
  }
});

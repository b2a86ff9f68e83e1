import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRunning } from '../../fixtures/is-running.ts';
import { until } from '../../fixtures/until.ts';
import { startAttempt } from './attempt.ts';

test('output comes line by line, redacted, from both streams', async () => {
  const { commands, output } = startAttempt();
  const result = await commands.shell('echo one; echo "two sesame" >&2; printf three');
  expect(output.toSorted()).toEqual(['stderr: two ***', 'stdout: one', 'stdout: three']);
  expect(result.stdout).toBe('one\nthree');
});

test.each([
  ['an unset variable', 'echo "$NEVER_SET"; echo after'],
  ['a failing command', 'false; echo after'],
  ['a failing stage of a pipe', 'false | cat; echo after'],
])('%s ends the script', async (_, script) => {
  const { commands, output } = startAttempt();
  await expect(commands.shell(script)).rejects.toMatchObject({ code: 'command-failed' });
  expect(output.join()).not.toContain('after');
});

test('the failure says how it ended and its last words', async () => {
  const { commands } = startAttempt();
  await expect(commands.shell('echo why >&2; exit 9')).rejects.toThrow('the script exited with 9\nwhy');
});

test('a script may open /dev/stderr and /dev/stdout', async () => {
  const { commands, output } = startAttempt();
  await commands.shell('echo told > /dev/stderr; echo said > /dev/stdout');
  expect(output.toSorted()).toEqual(['stderr: told', 'stdout: said']);
});

test('quotes, braces, here-documents and comments pass as written', async () => {
  const { commands } = startAttempt();
  const result = await commands.shell(
    `x='}'; { echo "$x \`echo "a'b"\`"; } # }\ncat <<'END'\n$x \\ "\nEND\n# last`,
  );
  expect(result.stdout).toBe(`} a'b\n$x \\ "\n`);
});

test('environment, input and folder reach it', async () => {
  const { commands } = startAttempt();
  const result = await commands.shell('pwd; echo "$DATABASE_URL"; cat', {
    environment: { DATABASE_URL: 'postgres://x' },
    cwd: '/usr',
    input: 'in',
  });
  expect(result.stdout).toBe('/usr\npostgres://x\nin');
});

test('100 MB of output leave the last MiB and a small process', async () => {
  const { commands } = startAttempt({ onOutput: () => undefined });
  const before = process.memoryUsage().rss;
  const result = await commands.shell('head -c 100000000 /dev/zero | tr "\\0" "x"; echo; echo end');
  expect(result.stdout.length).toBe(1024 * 1024);
  expect(result.stdout.endsWith('x\nend\n')).toBe(true);
  expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
});

test('an abort kills the script and its children', async () => {
  const { commands, abort, output, alive } = startAttempt();
  const running = commands.shell('sleep 68 & echo $!; trap "" TERM; while :; do sleep 1; done');
  const line = await until('a line', () => output[0]);
  abort.abort(new Error('stop'));
  await expect(running).rejects.toThrow('stop');
  expect(isRunning(Number(line.replace('stdout: ', '')))).toBe(false);
  expect(alive.size).toBe(0);
});

test('a background child that keeps the output open is ended with the script', async () => {
  const { commands, output } = startAttempt();
  await commands.shell('sleep 69 & echo $!');
  expect(isRunning(Number(output[0]?.replace('stdout: ', '')))).toBe(false);
});

test('an operator’s ~/.bashrc is not read, also with input', async () => {
  const home = mkdtempSync(join(tmpdir(), 'run-plan-home-'));
  writeFileSync(join(home, '.bashrc'), 'echo from the rc file\n');
  const { commands } = startAttempt({ inherited: { PATH: process.env['PATH'], HOME: home } });
  expect((await commands.shell('cat', { input: 'in' })).stdout).toBe('in');
  expect((await commands.run('bash', ['-c', 'cat'], { input: 'in' })).stdout).toBe('in');
  rmSync(home, { recursive: true });
});

test('values that are too large for a program are a failure of the step', async () => {
  const { commands } = startAttempt();
  await expect(commands.shell('true', { environment: { LARGE: 'x'.repeat(200_000) } })).rejects.toMatchObject(
    { code: 'command-failed', message: 'bash could not be started: E2BIG' },
  );
  await expect(commands.run('true', ['x'.repeat(200_000)])).rejects.toMatchObject({ code: 'command-failed' });
});

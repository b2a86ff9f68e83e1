import { expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import { isRunning } from '../../fixtures/is-running.ts';
import { until } from '../../fixtures/until.ts';
import { startAttempt } from './attempt.ts';

test('gives exit code and both outputs', async () => {
  const { commands } = startAttempt();
  const result = await commands.run('bash', ['-c', 'cat; echo warned >&2'], { input: 'told' });
  expect(result).toEqual({ exitCode: 0, stdout: 'told', stderr: 'warned\n' });
});

test('a bad exit is a Failure with the last words, redacted; an accepted one is a result', async () => {
  const { commands } = startAttempt();
  const failing = ['-c', 'echo "bad sesame" >&2; exit 5'];
  await expect(commands.run('bash', failing)).rejects.toMatchObject({
    code: 'command-failed',
    message: 'bash exited with 5: bad ***',
  });
  expect((await commands.run('bash', failing, { accept: [0, 5] })).exitCode).toBe(5);
});

test('a program that is not there is tool-missing with the Debian package', async () => {
  const { commands } = startAttempt({ inherited: { PATH: '/nowhere' } });
  await expect(commands.run('zstd', [])).rejects.toMatchObject({
    code: 'tool-missing',
    hint: 'on Debian: apt-get install zstd',
  });
});

test('more than 1 MiB of standard output is a failure, never a silently cut result', async () => {
  const { commands } = startAttempt();
  await expect(commands.run('head', ['-c', '1048577', '/dev/zero'])).rejects.toThrow(
    'more than 1048576 bytes',
  );
  expect((await commands.run('head', ['-c', '1048576', '/dev/zero'])).stdout.length).toBe(1_048_576);
});

test('its own limit kills the whole group', async () => {
  const { commands, alive } = startAttempt();
  const running = commands.run('bash', ['-c', 'sleep 66 & wait'], { timeoutMs: 200 });
  const pid = await until('a group', () => [...alive][0]);
  await expect(running).rejects.toThrow('bash did not end within 200 ms');
  expect(isRunning(pid)).toBe(false);
});

test('an abort before the start starts nothing', async () => {
  const { commands, abort, alive } = startAttempt();
  abort.abort(new Failure('interrupted', 'stop'));
  await expect(commands.run('true', [])).rejects.toMatchObject({ code: 'interrupted' });
  expect(alive.size).toBe(0);
});

test('a program that ignores its input does no harm', async () => {
  const { commands } = startAttempt();
  const result = await commands.run('true', [], { input: 'x'.repeat(1_000_000) });
  expect(result.exitCode).toBe(0);
});

test('a grandchild that keeps the output open does not hang', async () => {
  const { commands } = startAttempt();
  const inItsSession = 'until [[ $(cut -d " " -f 6 /proc/$!/stat) == "$!" ]]; do sleep 0.02; done';
  const script = `sleep 67 & setsid sleep 600 & ${inItsSession}; echo $!`;
  const result = await commands.run('bash', ['-c', script]);
  const pid = Number(result.stdout);
  expect(isRunning(pid)).toBe(true);
  process.kill(pid);
});

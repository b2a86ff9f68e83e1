import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import type { RunningPipe, Stage } from '../../../src/process/commands.ts';
import { isRunning } from '../../fixtures/is-running.ts';
import { until } from '../../fixtures/until.ts';
import { startAttempt } from './attempt.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-pipe-test-'));
});

afterEach(() => {
  // What is in a session of its own outlives the pipe, and is to.
  const pid = readPid('pid') ?? 0;
  if (pid > 0 && isRunning(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A fake executable: a line of bash. */
function bash(script: string, more: Partial<Stage> = {}): Stage {
  return { program: 'bash', arguments: ['-c', script], ...more };
}

/** Starts a process that no signal to the group reaches, and notes it once it is that. */
const ownSession = `setsid bash -c 'echo $$ > pid; exec sleep 600'`;

async function failureOf(pipe: RunningPipe): Promise<Failure> {
  pipe.output.on('error', () => undefined).resume();
  const error = await pipe.done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error(`no Failure but ${String(error)}`);
  return error;
}

test('bytes pass through every stage in order and done resolves', async () => {
  const { commands, alive } = startAttempt();
  const pipe = commands.pipe([
    bash('printf abc'),
    { program: 'tr', arguments: ['a-c', 'x-z'] },
    { program: 'rev', arguments: [] },
  ]);
  expect(await text(pipe.output)).toBe('zyx');
  await pipe.done;
  expect(alive.size).toBe(0);
});

test('what a draining stage leaves of its input is read, and its own status is told', async () => {
  const { commands, alive } = startAttempt();
  const written = join(folder, 'written');
  const writer = bash('head -c 1000000 /dev/zero && echo whole >"$1"');
  const all = { ...writer, arguments: [...writer.arguments, 'writer', written] };
  const pipe = commands.pipe([all, { program: 'head', arguments: ['-c', '1'], drains: true }]);
  expect(await text(pipe.output)).toBe('\0');
  await pipe.done;
  expect(readFileSync(written, 'utf8')).toBe('whole\n');

  const failing = commands.pipe([all, bash('echo no >&2; exit 3', { drains: true })]);
  const missing = commands.pipe([all, { program: 'no-such-program', arguments: [], drains: true }]);
  expect((await failureOf(failing)).message).toMatch(/bash exited with 3 .*: no$/);
  expect((await failureOf(missing)).code).toBe('tool-missing');
  expect(alive.size).toBe(0);
});

test('arguments arrive as they are, whatever characters they hold', async () => {
  const { commands } = startAttempt();
  const odd = ['a b', '$(touch /tmp/never)', '"', "'", '`id`', '\\', '*', '', 'é\n', '${HOME}', '-n'];
  const pipe = commands.pipe([
    { program: 'printf', arguments: ['%s|', ...odd] },
    { program: 'cat', arguments: [] },
  ]);
  expect(await text(pipe.output)).toBe(odd.map((word) => `${word}|`).join(''));
  await pipe.done;
});

test('input of any size arrives whole', async () => {
  const { commands, lives } = startAttempt();
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const input = Readable.from(
    (function* () {
      for (let index = 0; index < 64; index += 1) yield chunk;
    })(),
  );
  const pipe = commands.pipe(
    [
      { program: 'cat', arguments: [] },
      { program: 'sha256sum', arguments: [] },
    ],
    { input },
  );
  const expected = createHash('sha256');
  for (let index = 0; index < 64; index += 1) expected.update(chunk);
  expect(await text(pipe.output)).toContain(expected.digest('hex'));
  await pipe.done;
  expect(lives()).toBeGreaterThanOrEqual(0);
});

test('a stage sees its own environment only, and no value is in any argv', async () => {
  const { commands } = startAttempt();
  const show = 'env | grep -E "TOKEN|RUN_PLAN_STAGE" | sort; tr "\\0" " " < /proc/$PPID/cmdline';
  const pipe = commands.pipe([
    bash(show, { environment: { TOKEN: 'sesame $x "y"' } }),
    bash(`cat; ${show}`, { environment: { OTHER: 'z' } }),
  ]);
  const shown = await text(pipe.output);
  await pipe.done;
  expect(shown.match(/sesame/g)).toHaveLength(1);
  expect(shown).toContain('TOKEN=sesame $x "y"');
  expect(shown).not.toContain('RUN_PLAN_STAGE_0_0=');
});

test('a stage that fails in the middle is named with its last words, redacted', async () => {
  const { commands } = startAttempt();
  const lines: string[] = [];
  const pipe = commands.pipe([
    bash('echo data'),
    bash('cat > /dev/null; echo "login with sesame refused" >&2; exit 3', {
      onErrorLine: (line) => lines.push(line),
    }),
    bash('cat'),
  ]);
  const failure = await failureOf(pipe);
  expect(failure.code).toBe('command-failed');
  expect(failure.message).toBe('bash exited with 3 in the pipe bash | bash | bash: login with *** refused');
  expect(lines).toEqual(['login with *** refused']);
});

test('a first stage that fails after it wrote data is a failure although the last one is content', async () => {
  const { commands } = startAttempt();
  const failure = await failureOf(
    commands.pipe([bash('echo data; exit 1'), { program: 'cat', arguments: [] }]),
  );
  expect(failure.message).toContain('bash exited with 1');
});

test('a stage killed midway is named with its signal', async () => {
  const { commands } = startAttempt();
  const pipe = commands.pipe([bash('echo $$ > pid; exec sleep 60'), { program: 'cat', arguments: [] }], {
    cwd: folder,
  });
  const pid = await until('a process id', () => readPid('pid'));
  process.kill(pid, 'SIGKILL');
  const failure = await failureOf(pipe);
  expect(failure.message).toBe('bash was killed by SIGKILL in the pipe bash | cat');
});

test('SIGPIPE beside another failure is its consequence and not told', async () => {
  const { commands } = startAttempt();
  const failure = await failureOf(
    commands.pipe([{ program: 'yes', arguments: [] }, bash('head -c 10 >/dev/null; exit 4')]),
  );
  expect(failure.message).toMatch(/^bash exited with 4/);
  expect(failure.message).not.toContain('SIGPIPE');
});

test('SIGPIPE alone is a failure unless the stage tolerates it', async () => {
  const { commands } = startAttempt();
  const head = { program: 'head', arguments: ['-c', '10'] };
  const failure = await failureOf(commands.pipe([{ program: 'yes', arguments: [] }, head]));
  expect(failure.message).toContain('yes was killed by SIGPIPE');
  const tolerant = commands.pipe([{ program: 'yes', arguments: [], tolerate: ['SIGPIPE'] }, head]);
  expect((await text(tolerant.output)).length).toBe(10);
  await tolerant.done;
});

test('the member that broke is blamed, not those that lost their reader by it', async () => {
  const { commands } = startAttempt();
  const writer = { program: 'yes', arguments: [] };
  const complains = bash(
    'trap "" PIPE; while echo y; do :; done 2>/dev/null; echo "Broken pipe" >&2; exit 1',
  );
  const breaks = bash('head -c 10 >/dev/null; echo "no room" >&2; exit 4');
  const failure = await failureOf(commands.pipe([writer, { program: 'cat', arguments: [] }, breaks]));
  expect(failure.message).toBe('bash exited with 4 in the pipe yes | cat | bash: no room');
  expect(failure.fields).toEqual({ program: 'bash', exit: 4, stderr: ['no room'] });
  const other = await failureOf(commands.pipe([complains, breaks]));
  expect(other.message).toMatch(/^bash exited with 4; bash exited with 1/);
  expect(other.fields).toMatchObject({ exit: 4, stderr: ['no room'] });
});

test('a shell in which a pipe broke is blamed by its own status', async () => {
  const { commands } = startAttempt();
  const broken = bash('set -o pipefail; yes | head -c 10');
  const failure = await failureOf(commands.pipe([broken, bash('cat >/dev/null; exit 2')]));
  expect(failure.message).toMatch(/^bash exited with 141; bash exited with 2/);
  await expect(commands.run('bash', ['-c', 'set -o pipefail; yes | head -c 10'])).rejects.toMatchObject({
    message: 'bash exited with 141',
    fields: { program: 'bash', exit: 141 },
  });
  await expect(commands.run('bash', ['-c', 'kill -KILL $$'])).rejects.toMatchObject({
    fields: { program: 'bash', signal: 'SIGKILL' },
  });
});

test('the last stage writes into a file, also into a FIFO whose reader leaves early', async () => {
  const { commands } = startAttempt();
  const path = join(folder, 'a file');
  const pipe = commands.pipe([bash('echo data'), { program: 'cat', arguments: [], output: path }]);
  pipe.output.resume();
  await pipe.done;
  expect(readFileSync(path, 'utf8')).toBe('data\n');
  const fifo = join(folder, 'fifo');
  await commands.run('mkfifo', [fifo]);
  const writing = commands.pipe([{ program: 'yes', arguments: [], output: fifo }]);
  await commands.run('head', ['-c', '10', fifo]);
  expect((await failureOf(writing)).fields).toMatchObject({ program: 'yes', signal: 'SIGPIPE' });
  const nowhere = commands.pipe([{ program: 'cat', arguments: [], output: join(folder, 'no', 'file') }]);
  expect((await failureOf(nowhere)).message).toMatch(/^cat exited with 1: .*No such file/);
});

test('a program that is not there is told with its package', async () => {
  const { commands } = startAttempt({ inherited: { PATH: '/nowhere:/usr/bin:/bin' } });
  const failure = await failureOf(
    commands.pipe([{ program: '/usr/lib/postgresql/99/bin/pg_dump', arguments: [] }, bash('cat')]),
  );
  expect(failure.code).toBe('tool-missing');
  expect(failure.hint).toContain('postgresql-client-99');
});

test('a working folder that is not there is told as such', async () => {
  const { commands } = startAttempt();
  const failure = await failureOf(commands.pipe([bash('true')], { cwd: '/nowhere/at/all' }));
  expect(failure.message).toContain('/nowhere/at/all does not exist');
});

test('an abort kills every stage and what they started, and done rejects with its reason', async () => {
  const { commands, abort, alive } = startAttempt();
  const pipe = commands.pipe(
    [bash('sleep 61 & echo $! > a; wait'), bash('trap "" TERM; echo $$ > b; while :; do sleep 1; done')],
    { cwd: folder },
  );
  const output = text(pipe.output).catch((error: unknown) => error);
  const pids = [
    await until('a process id', () => readPid('a')),
    await until('a process id', () => readPid('b')),
  ];
  const reason = new Failure('step-timeout', 'too long');
  abort.abort(reason);
  await expect(pipe.done).rejects.toBe(reason);
  expect(await output).toBe(reason);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(alive.size).toBe(0);
});

test('a grandchild of the group that keeps the pipe open neither hangs the pipe nor lives on', async () => {
  const { commands } = startAttempt();
  const pipe = commands.pipe(
    [bash('sleep 62 & echo $! > pid; echo data'), { program: 'cat', arguments: [] }],
    { cwd: folder },
  );
  expect(await Promise.race([text(pipe.output), delay(100)])).toBeUndefined();
  await pipe.kill();
  expect(isRunning(readPid('pid') ?? 0)).toBe(false);
  const last = commands.pipe([bash('sleep 63 & echo $! > pid2; echo data')], { cwd: folder });
  expect(await text(last.output)).toBe('data\n');
  await last.done;
  expect(isRunning(readPid('pid2') ?? 0)).toBe(false);
});

test('a grandchild in a session of its own that keeps the output open is a failure and no hang', async () => {
  const { commands } = startAttempt();
  const pipe = commands.pipe(
    [bash(`${ownSession} 2>/dev/null & echo data; until [[ -s pid ]]; do sleep 0.02; done`)],
    { cwd: folder },
  );
  await expect(text(pipe.output)).rejects.toThrow('a process that bash left behind holds its output open');
  await pipe.done;
  const pid = readPid('pid') ?? 0;
  expect(isRunning(pid)).toBe(true);
});

test('the output never ends well when a stage has failed, so that half a dump is never stored as a whole one', async () => {
  const { commands } = startAttempt();
  const pipe = commands.pipe([bash('echo half; exit 1'), { program: 'cat', arguments: [] }]);
  const failure: unknown = await pipe.done.catch((error: unknown) => error);
  await expect(text(pipe.output)).rejects.toBe(failure);
  const slowly = commands.pipe([bash('echo half; sleep 0.2; exit 1'), { program: 'cat', arguments: [] }]);
  await expect(text(slowly.output)).rejects.toThrow('bash exited with 1');
});

test('an abort ends the output at once, also when a grandchild in a session of its own holds it', async () => {
  const { commands, abort } = startAttempt();
  const pipe = commands.pipe([bash(ownSession + '& sleep 60')], { cwd: folder });
  const output = text(pipe.output).catch((error: unknown) => error);
  const pid = await until('a process id', () => readPid('pid'));
  const reason = new Failure('terminated', 'SIGTERM');
  abort.abort(reason);
  await expect(pipe.done).rejects.toBe(reason);
  expect(await output).toBe(reason);
  expect(isRunning(pid)).toBe(true);
});

test('a slow and late reader gets everything although the processes are long gone', async () => {
  const { commands } = startAttempt();
  const pipe = commands.pipe([{ program: 'head', arguments: ['-c', '60000', '/dev/zero'] }]);
  await pipe.done;
  await delay(1200);
  let bytes = 0;
  for await (const chunk of pipe.output) {
    bytes += (chunk as Buffer).length;
    await delay(300);
  }
  expect(bytes).toBe(60_000);
});

test('an error of the input is the error of the pipe, although its end looks good to the stages', async () => {
  const { commands } = startAttempt();
  const input = Readable.from(
    (function* () {
      yield 'half of it';
      throw new Failure('repository-read', 'connection reset');
    })(),
  );
  const pipe = commands.pipe([{ program: 'cat', arguments: [] }], { input });
  expect((await failureOf(pipe)).code).toBe('repository-read');
});

test('an input that is destroyed early never counts as its end', async () => {
  const { commands } = startAttempt();
  const input = new Readable({ read: () => undefined });
  input.push('half of it');
  const pipe = commands.pipe([{ program: 'cat', arguments: [] }], { input });
  pipe.output.resume();
  await delay(50);
  input.destroy();
  await expect(pipe.done).rejects.toThrow(/premature/i);
});

test('a stage that stops reading speaks by its own status, not by a broken pipe of ours', async () => {
  const { commands } = startAttempt();
  const input = Readable.from(
    (function* () {
      for (;;) yield Buffer.alloc(65536);
    })(),
  );
  const pipe = commands.pipe([{ program: 'head', arguments: ['-c', '5'] }], { input });
  expect((await text(pipe.output)).length).toBe(5);
  await pipe.done;
  expect(input.destroyed).toBe(true);
});

test('a 10 MB line of standard error is told in 4 Ki characters, and memory stays bounded', async () => {
  const { commands } = startAttempt();
  const lines: string[] = [];
  const pipe = commands.pipe([
    bash('head -c 10000000 /dev/zero | tr "\\0" x >&2; echo >&2; echo end >&2; exit 1', {
      onErrorLine: (line) => lines.push(line),
    }),
  ]);
  const failure = await failureOf(pipe);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^x{4096}… \(9995904 more characters\)$/);
  expect(failure.message.length).toBeLessThan(5000);
});

test('bash itself killed is a failure that names the pipe', async () => {
  const { commands } = startAttempt();
  const leader = `cut -d ' ' -f 5 /proc/$$/stat > pid; sleep 64`;
  const pipe = commands.pipe([bash(leader), bash('cat')], { cwd: folder });
  process.kill(await until('a process id', () => readPid('pid')), 'SIGKILL');
  expect((await failureOf(pipe)).message).toBe('the pipe bash | bash was killed by SIGKILL');
});

test('end() kills what an attempt forgot', async () => {
  const { commands, end, alive } = startAttempt();
  const pipe = commands.pipe([bash('echo $$ > pid; sleep 65')], { cwd: folder });
  pipe.done.catch(() => undefined);
  const pid = await until('a process id', () => readPid('pid'));
  await end();
  expect(isRunning(pid)).toBe(false);
  await until('no group is left', () => alive.size === 0);
});

function readPid(name: string): number | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, 'utf8'));
  return pid > 0 ? pid : undefined;
}

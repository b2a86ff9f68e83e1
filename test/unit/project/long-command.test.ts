import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const module = new URL('../../../bin/long-command.js', import.meta.url).href;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'long-command-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a long command that is told of every few milliseconds, and gives what was told, also while it runs. */
async function told(command: readonly string[], onText = (_: string): void => undefined): Promise<string> {
  const script = `
    import { runLong, tell } from ${JSON.stringify(module)};
    const result = await runLong('test', 'a long command', ${JSON.stringify(command)}, { everyMs: 20 });
    tell('test', JSON.stringify(result));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    onText(text);
  });
  await once(child, 'close');
  return text;
}

test('a command that says nothing is told of all the same, again and again, with its time', async () => {
  const end = join(folder, 'end');
  const silent = ['sh', '-c', `while [ -d ${folder} ] && [ ! -e ${end} ]; do sleep 0.05; done`];
  // It ends only when it has been told of three times.
  const text = await told(silent, (sofar) => {
    if ((sofar.match(/test: {3}no word from it yet, \d/g)?.length ?? 0) > 2) void writeFile(end, '');
  });
  expect(text).toMatch(/^test: a long command\n/);
  expect(text).toMatch(/test: {3}done in \d/);
});

test('what it says on both streams is kept, a last line without an end too', async () => {
  const text = await told(['sh', '-c', 'echo one; printf two >&2']);
  const { ok, said } = JSON.parse(/test: (\{.*\})/.exec(text)?.[1] ?? '') as { ok: boolean; said: string[] };
  expect(ok).toBe(true);
  expect(said.sort()).toEqual(['one', 'two']);
});

test('one that is not there could not be started', async () => {
  const text = await told(['/no/such/program']);
  expect(text).toContain('could not be started (spawn /no/such/program ENOENT)');
  expect(text).toContain('{"ok":false,"said":[]}');
});

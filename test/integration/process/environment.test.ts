import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askProgram } from '../../../src/process/ask.ts';
import type { Commands } from '../../../src/process/commands.ts';
import { runSecretCommand } from '../../../src/process/secrets/secret-command.ts';
import { startAttempt } from './attempt.ts';

let folder = '';
let inherited: Record<string, string | undefined> = {};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-environment-'));
  writeFileSync(join(folder, 'startup'), 'echo from the startup file\n');
  inherited = {
    PATH: process.env['PATH'],
    HOME: folder,
    LANG: 'de_AT.UTF-8',
    LC_MESSAGES: 'C',
    XDG_STATE_HOME: '/state',
    https_proxy: 'http://proxy.internal:3128',
    BASH_ENV: join(folder, 'startup'),
    ENV: join(folder, 'startup'),
    LD_PRELOAD: '/nowhere/evil.so',
    NODE_OPTIONS: '--require /nowhere/evil.js',
    PGSERVICE: 'elsewhere',
    PGHOSTADDR: '10.0.0.1',
    CREDENTIALS_DIRECTORY: '/run/credentials',
    SMTP_PASSWORD: 'sesame',
    'BASH_FUNC_ls%%': '() { echo from a function; }',
  };
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const ways: readonly (readonly [string, (commands: Commands) => Promise<string>])[] = [
  ['a program', async (commands) => (await commands.run('env', [])).stdout],
  ['bash', async (commands) => (await commands.shell('env')).stdout],
  [
    'a pipe',
    async (commands) => {
      const pipe = commands.pipe([
        { program: 'env', arguments: [] },
        { program: 'cat', arguments: [] },
      ]);
      return text(pipe.output);
    },
  ],
  [
    'a program of no attempt',
    async () => (await askProgram('env', [], { inherited })).stdout.toString('utf8'),
  ],
];

test.each(ways)('%s sees of the operator’s variables only what every program may', async (_, read) => {
  const { commands } = startAttempt({ inherited });
  const lines = (await read(commands)).trim().split('\n');
  const names = lines.map((line) => line.slice(0, line.indexOf('=')));
  const ofBash = ['PWD', 'OLDPWD', 'SHLVL', '_'];
  expect(names.filter((name) => !ofBash.includes(name)).sort()).toEqual([
    'HOME',
    'LANG',
    'LC_MESSAGES',
    'PATH',
    'XDG_STATE_HOME',
    'https_proxy',
  ]);
});

test('a secret command gets those of password stores and those that it names, and nothing that runs code', async () => {
  const command = 'env; echo "$OWN_FOLDER ${OTHER} $LD_PRELOAD"';
  const { stdout } = await runSecretCommand(command, {
    timeoutMs: 30_000,
    largestBytes: 65_536,
    inherited: {
      ...inherited,
      OWN_FOLDER: '/own',
      OTHER: 'x',
      PASSWORD_STORE_DIR: '/store',
      VAULT_ADDR: 'v',
    },
  });
  const lines = stdout.toString('utf8').split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'OWN_FOLDER=/own',
      'OTHER=x',
      'PASSWORD_STORE_DIR=/store',
      'VAULT_ADDR=v',
      'CREDENTIALS_DIRECTORY=/run/credentials',
    ]),
  );
  expect(lines.filter((line) => /sesame|evil|elsewhere|from a/.test(line))).toEqual([]);
});

test('a program that nobody waits for is ended at its limit, by too much output and by the signal', async () => {
  const sleep = ['-c', 'sleep 600 & wait'];
  const limited = await askProgram('bash', sleep, { inherited, timeoutMs: 100 });
  const large = await askProgram('yes', [], { inherited, largestBytes: 1000 });
  const aborted = await askProgram('bash', sleep, { inherited, signal: AbortSignal.abort() });
  expect([limited.trouble, large.trouble, aborted.trouble]).toEqual(['time', 'size', 'signal']);
  const missing = await askProgram('no-such-program', [], { inherited });
  expect(missing.trouble).toMatchObject({ code: 'tool-missing' });
});

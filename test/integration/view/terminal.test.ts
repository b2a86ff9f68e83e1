import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const replay = fileURLToPath(new URL('replay.ts', import.meta.url));
const hasScript = spawnSync('script', ['--version']).status === 0;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-view-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Shown {
  readonly exitCode: number | null;
  readonly output: string;
}

function execute(
  program: string,
  programArguments: readonly string[],
  environment: Record<string, string> = {},
): Promise<Shown> {
  return new Promise((resolve, reject) => {
    // FORCE_COLOR and CI come from the test runner and would decide what a terminal decides.
    const deciding = ['FORCE_COLOR', 'NO_COLOR', 'CI'];
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !deciding.includes(name)),
    );
    const child = spawn(program, programArguments, {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...inherited, TERM: 'xterm-256color', ...environment },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ exitCode, output });
    });
  });
}

/** The recorded run in a pseudo-terminal of util-linux's `script`. */
function inTerminal(environment?: Record<string, string>): Promise<Shown> {
  const command = `stty cols 110 rows 50; '${process.execPath}' '${replay}' terminal '${join(folder, 'done')}'`;
  return execute('script', ['--quiet', '--return', '--command', command, '/dev/null'], environment);
}

/** What stands on the screen at the end: listr2 erases the live tree and prints the last one. */
function lastScreen(output: string): string {
  const text = output.slice(output.lastIndexOf('\u001b[?2026l'));
  return stripVTControlCharacters(text).replaceAll('\r', '');
}

describe.skipIf(!hasScript)('the terminal view in a real terminal', () => {
  let exitCode: number | null;
  let output: string;
  let signals: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'run-plan-view-'));
    ({ exitCode, output } = await inTerminal());
    signals = await readFile(join(folder, 'done'), 'utf8');
    await rm(folder, { recursive: true });
  });

  it('ends with a tree of phases and steps in their outcomes, and the summary', async () => {
    await expect(lastScreen(output)).toMatchFileSnapshot('expected/terminal.txt');
    expect(exitCode).toBe(0);
  });

  it('shows progress with bytes, speed and time left while a step runs', () => {
    const shown = stripVTControlCharacters(output);
    expect(shown).toContain('counting rows');
    expect(shown).toContain('190 MB of 400 MB (47 %), 10.0 MB/s, 19.0 s, about 21.0 s left');
  });

  it('uses colours, and none with NO_COLOR', async () => {
    expect(output).toContain('\u001b[32m✔');
    const plain = (await inTerminal({ NO_COLOR: '1' })).output;
    expect(plain).toContain('✔');
    for (const code of [31, 32, 33]) expect(plain).not.toContain(`\u001b[${String(code)}m`);
  });

  it('gives the cursor back, and leaves signals to the engine', () => {
    expect(output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(output.lastIndexOf('\u001b[?25l'));
    expect(signals).toBe('2 signals');
  });
});

describe('a console that goes away', () => {
  it.each(['lines', 'journald', 'github', 'json'])('does not stop a run (%s)', async (kind) => {
    const marker = join(folder, 'done');
    const command = `'${process.execPath}' '${replay}' ${kind} '${marker}' | head -n 1`;
    const { exitCode, output } = await execute('bash', ['-c', `set -o pipefail; ${command}`]);
    expect(output.trimEnd().split('\n')).toHaveLength(1);
    expect(exitCode).toBe(0);
    expect(await readFile(marker, 'utf8')).toBe('2 signals');
  });
});

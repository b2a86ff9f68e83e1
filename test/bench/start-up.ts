import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, renderColumns } from './statistics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'bin', 'run-plan');
const repetitions = 15;

/** What is started, and where; the first row is what Node itself takes. */
const commands: readonly {
  readonly name: string;
  readonly program: string;
  readonly words: readonly string[];
  readonly targetMs?: number;
}[] = [
  { name: 'node -e 0', program: process.execPath, words: ['-e', '0'] },
  { name: 'run-plan --help', program: launcher, words: ['--help'], targetMs: 80 },
  { name: 'run-plan validate', program: launcher, words: ['validate'], targetMs: 120 },
  { name: 'borgmatic --version', program: 'borgmatic', words: ['--version'] },
];

export interface StartUp {
  readonly name: string;
  readonly medianMs: number;
  readonly targetMs?: number;
}

/** Wall time of starting each command, in turns, after one start that warms caches. What is not installed is left out. */
export function measureStartUp(): StartUp[] {
  const installed = commands.filter(({ program, words }) => start(program, words) !== undefined);
  const times = new Map(installed.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < repetitions; round += 1) {
    for (const { name, program, words } of installed)
      times.get(name)?.push(start(program, words) ?? Number.NaN);
  }
  return installed.map(({ name, targetMs }) => ({
    name,
    medianMs: median(times.get(name) ?? []),
    ...(targetMs !== undefined && { targetMs }),
  }));
}

function start(program: string, words: readonly string[]): number | undefined {
  const startedAt = performance.now();
  const { error, status, stderr } = spawnSync(program, words, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const durationMs = performance.now() - startedAt;
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: exit ${String(status)}\n${stderr}`);
  return durationMs;
}

export function renderStartUp(results: readonly StartUp[]): string {
  const rows = results.map(({ name, medianMs, targetMs }) => [
    name,
    `${medianMs.toFixed(0)} ms`,
    targetMs === undefined ? '' : `target ${targetMs} ms`,
  ]);
  return renderColumns([['start-up', 'median', ''], ...rows]);
}

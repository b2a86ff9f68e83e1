import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, renderColumns } from './statistics.ts';

/** The project's own plans. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'bin', 'run-plan');
const repetitions = 15;

/** What is started, and where; the first row is what Node itself takes. */
const commands: readonly {
  readonly name: string;
  readonly program: string;
  readonly words: readonly string[];
  /** What it may take, of what Node itself takes. */
  readonly target?: number;
}[] = [
  { name: 'node -e 0', program: process.execPath, words: ['-e', '0'] },
  { name: 'run-plan --help', program: launcher, words: ['--help'], target: 2 },
  { name: 'run-plan validate', program: launcher, words: ['validate'], target: 2.5 },
  { name: 'run-plan list', program: launcher, words: ['list'], target: 2.5 },
  { name: 'borgmatic --version', program: 'borgmatic', words: ['--version'] },
];

export interface StartUp {
  readonly name: string;
  readonly medianMs: number;
  /** Its median over that of bare Node. */
  readonly ofNode: number;
  readonly target?: number;
}

/**
 * Wall time of starting each command in a folder with plans, in turns, after one start that warms caches. What is not
 * installed is left out.
 */
export function measureStartUp(folder: string): StartUp[] {
  const installed = commands.filter(({ program, words }) => start(folder, program, words) !== undefined);
  const times = new Map(installed.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < repetitions; round += 1) {
    for (const { name, program, words } of installed)
      times.get(name)?.push(start(folder, program, words) ?? Number.NaN);
  }
  const medianOf = (name: string): number => median(times.get(name) ?? []);
  const nodeMs = medianOf(commands[0]?.name ?? '');
  return installed.map(({ name, target }) => ({
    name,
    medianMs: medianOf(name),
    ofNode: medianOf(name) / nodeMs,
    ...(target !== undefined && { target }),
  }));
}

function start(folder: string, program: string, words: readonly string[]): number | undefined {
  const startedAt = performance.now();
  const { error, status, stderr } = spawnSync(program, words, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  const durationMs = performance.now() - startedAt;
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: exit ${String(status)}\n${stderr}`);
  return durationMs;
}

export function renderStartUp(results: readonly StartUp[]): string {
  const rows = results.map(({ name, medianMs, ofNode, target }) => [
    name,
    `${medianMs.toFixed(0)} ms`,
    ofNode.toFixed(2),
    target === undefined ? '' : `at most ${target.toFixed(1)}`,
  ]);
  return renderColumns([['start-up', 'median', 'of bare Node', 'target'], ...rows]);
}

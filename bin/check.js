/**
 * `npm run check`: types, linter, format and what is generated, two at a time because two processors are what a small machine
 * has. Each says how long it took; what the failing ones said comes last, all of it. Exit 1 when one failed.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, interruptedExitCode, run, tell } from './long-command.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const programs = join(root, 'node_modules', '.bin');
const types = join('node_modules', '.cache', 'run-plan', 'types.tsbuildinfo');
const colour = process.stderr.isTTY === true;

/** The longest first. What they keep between runs goes by the content of files. */
const parts = [
  { name: 'linter', command: ['node', 'bin/lint.js'] },
  {
    name: 'types',
    command: ['tsc', '--noEmit', '--incremental', '--tsBuildInfoFile', types, '--pretty', String(colour)],
  },
  {
    name: 'format',
    command: ['prettier', '--check', '--log-level', 'warn', '--cache', '--cache-strategy', 'content', '.'],
  },
  { name: 'generated files', command: ['node', 'schemas/generate.ts', '--check'] },
];
const environment = {
  ...process.env,
  PATH: `${programs}:${process.env.PATH ?? ''}`,
  ...(colour && { FORCE_COLOR: '1' }),
};

const startedAt = performance.now();
tell('check', `${parts.map(({ name }) => name).join(', ')}: half a minute, less for what is unchanged …`);
const failures = [];
const waiting = [...parts];
await Promise.all([work(), work()]);
for (const { name, lines } of failures) tell('check', `${name} said:\n${lines.join('\n')}`);
const names = failures.map(({ name }) => name);
const took = duration(performance.now() - startedAt);
tell('check', names.length === 0 ? `all good, in ${took}` : `${names.join(', ')} failed, in ${took}`);
process.exitCode = interruptedExitCode() ?? (names.length === 0 ? 0 : 1);

/** Takes one part after the other until none waits. */
async function work() {
  for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
    if (interruptedExitCode() !== undefined) return;
    const { name, command } = part;
    const partStartedAt = performance.now();
    const lines = [];
    const options = { cwd: root, env: environment, onLine: (line) => lines.push(line) };
    const problem = await run(command, options);
    const partTook = duration(performance.now() - partStartedAt);
    tell('check', problem === undefined ? `${name}: good, ${partTook}` : `${name} ${problem}, ${partTook}`);
    if (problem !== undefined) failures.push({ name, lines });
  }
}

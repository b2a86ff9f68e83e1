/**
 * `npm test`: installs what is missing, builds the program and runs the tests. Words after `npm test --` are vitest's: a
 * file, `-t 'a title'`, `--project unit`; and `--quick`: units and what needs no server, with nothing to install but
 * npm's packages. Plain JavaScript for Node 18 and later: the checkout's own Node may not be there yet.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duration, tell } from '../bin/long-command.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const quickProjects = ['unit', 'local'];
const programs = join(root, 'node_modules', '.bin');
const environment = { ...process.env, PATH: `${programs}:${process.env.PATH ?? ''}` };

const given = process.argv.slice(2);
const isQuick = given.includes('--quick');
const words = [
  ...given.filter((word) => word !== '--quick'),
  ...(isQuick ? quickProjects.flatMap((name) => ['--project', name]) : []),
];
const config = join('test', 'vitest.config.ts');
const parts = [
  { name: 'set-up', command: ['node', join('bin', 'setup.js'), isQuick ? 'check' : 'test'] },
  // Tests of the command line run what is built.
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  {
    name: 'tests',
    command: ['node', join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--config', config, ...words],
  },
];

for (const { name, command } of parts) {
  const startedAt = performance.now();
  const code = await codeOf(command);
  tell(
    'test',
    `${name}: ${code === 0 ? 'good' : `exit ${code}`}, ${duration(performance.now() - startedAt)}`,
  );
  process.exitCode = code;
  if (code !== 0) break;
}

/** Runs a program that speaks for itself; a signal's exit code is a shell's. */
async function codeOf([program, ...more]) {
  const child = spawn(program, more, { cwd: root, env: environment, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code ?? 130;
}

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../unit/project/source-files.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

let workspace: Workspace;

beforeAll(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    `environments:\n  prod:\n    repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} }\n`,
  );
});

afterAll(() => workspace.remove());

/** The example task of the README, as an operator would copy it. */
async function exampleTask(): Promise<string> {
  const readme = await readFile(`${root}README.md`, 'utf8');
  const example = /```ts\n\/\/ tasks\/invoices-count\.ts\n([\s\S]*?)```/.exec(readme)?.[1];
  if (example === undefined) throw new Error('the README has no example of a task');
  return example;
}

test('the task of the README pipes, retries and globs with $, and is given its secret by env', async () => {
  await workspace.write('tasks/invoices-count.ts', await exampleTask());
  for (const [name, lines] of Object.entries({ 'a.csv': 'x\ny\n', 'b c.csv': 'y\nz\n', 'other.txt': 'no\n' }))
    await workspace.write(`invoices/${name}`, lines);
  // Answers at the third try, and only to who has the token.
  await workspace.write(
    'bin/notify',
    '#!/bin/bash\necho try >> tries; [[ $(wc -l < tries) -ge 3 && $TOKEN == sesame-4711 ]] && echo "$*" > told\n',
  );
  await workspace.write(
    'plans/count.yaml',
    `environment: prod
timeout: 1m
steps:
  - task: invoices-count
    with: { folder: invoices }
    env: { TOKEN: { env: NOTIFY_TOKEN }, PATH: "${workspace.folder}/bin:${process.env['PATH'] ?? ''}" }
  - run: echo "\${steps.invoices-count.count}" > counted
`,
  );
  await (await import('node:fs/promises')).chmod(`${workspace.folder}/bin/notify`, 0o755);
  const told = await workspace.run(['count'], { NOTIFY_TOKEN: 'sesame-4711' });
  expect(told.code, told.text).toBe(0);
  expect(await readFile(`${workspace.folder}/counted`, 'utf8')).toBe('3\n');
  expect(await readFile(`${workspace.folder}/told`, 'utf8')).toBe('3 invoices\n');
  expect(await readFile(`${workspace.folder}/tries`, 'utf8')).toBe('try\ntry\ntry\n');
});

test('a command of a task that fails is told with its last words, redacted, and no stack', async () => {
  await workspace.write(
    'tasks/always-fails.ts',
    `import type { Task } from 'run-plan/task';
const task: Task = {
  name: 'always-fails', description: 'Fails', needs: [], writes: [], role: 'other', outputs: [], parameters: { type: 'object' },
  run: async ({ $ }) => {
    await $\`echo "no entry with $TOKEN" >&2; exit 4\`;
    return {};
  },
};
export default task;
`,
  );
  await workspace.write(
    'plans/fail.yaml',
    'environment: prod\ntimeout: 1m\nsteps: [{ task: always-fails, env: { TOKEN: { env: NOTIFY_TOKEN } } }]\n',
  );
  const told = await workspace.run(['fail'], { NOTIFY_TOKEN: 'sesame-4711' });
  expect(told.code, told.text).toBe(20);
  expect(told.text).toContain('a command exited with 4: no entry with ***');
  expect(told.text).not.toMatch(/sesame|this is a bug/);
});

test('a task that ends the process makes no run green', async () => {
  await workspace.write(
    'tasks/ends-all.ts',
    `import type { Task } from 'run-plan/task';
const task: Task = {
  name: 'ends-all', description: 'Ends', needs: [], writes: [], role: 'other', outputs: [], parameters: { type: 'object' },
  run: () => process.exit(0),
};
export default task;
`,
  );
  await workspace.write(
    'plans/ends.yaml',
    'environment: prod\ntimeout: 1m\nsteps: [{ task: ends-all }, { run: "true" }]\n',
  );
  const told = await workspace.start(['ends']).ended;
  expect(told.code, told.text).toBe(1);
  expect(told.text).toContain('ended before its work was done');
});

test.each([
  ['a promise that nobody awaits', 'void Promise.reject(new Error("stray sesame-4711"));'],
  ['what is thrown in a timer', 'setTimeout(() => { throw new Error("stray sesame-4711"); }, 1);'],
])('%s ends the run with cleanup and record, and no stack', async (_, fault) => {
  await workspace.write(
    'tasks/strays-away.ts',
    `import type { Task } from 'run-plan/task';
const task: Task = {
  name: 'strays-away', description: 'Strays', needs: [], writes: [], role: 'other', outputs: [], parameters: { type: 'object' },
  run: async ({ signal }) => {
    ${fault}
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return {};
  },
};
export default task;
`,
  );
  await workspace.write(
    'plans/strays.yaml',
    'environment: prod\ntimeout: 1m\nsteps: [{ task: strays-away, env: { TOKEN: { env: NOTIFY_TOKEN } } }]\ncleanup: [{ run: echo cleaned }]\n',
  );
  const before = (await workspace.records('strays')).length;
  const told = await workspace.start(['strays'], { NOTIFY_TOKEN: 'sesame-4711' }).ended;
  expect(told.code, told.text).toBe(20);
  expect(told.text).toContain('something failed that nobody waited for: stray ***');
  expect(told.text).toContain('cleaned');
  expect(told.text).not.toMatch(/sesame| {4}at /);
  const records = await workspace.records('strays');
  expect(records).toHaveLength(before + 1);
  expect(records.every(({ outcome }) => outcome === 'failed')).toBe(true);
});

test('what a task throws is the failure of that task, with its place, and no bug of run-plan', async () => {
  await workspace.write(
    'tasks/throws-plainly.ts',
    `import type { Task } from 'run-plan/task';
const task: Task = {
  name: 'throws-plainly', description: 'Throws', needs: [], writes: [], role: 'other', outputs: [], parameters: { type: 'object' },
  run: async () => {
    throw new Error('no invoices for sesame-4711');
  },
};
export default task;
`,
  );
  await workspace.write(
    'plans/throws.yaml',
    'environment: prod\ntimeout: 1m\nsteps: [{ task: throws-plainly, env: { TOKEN: { env: NOTIFY_TOKEN } } }]\n',
  );
  const told = await workspace.start(['throws'], { NOTIFY_TOKEN: 'sesame-4711' }).ended;
  expect(told.code, told.text).toBe(20);
  expect(told.text).toContain('the task throws-plainly threw: no invoices for ***');
  expect(told.text).toContain('tasks/throws-plainly.ts:5:');
  expect(told.text).not.toMatch(/sesame|a bug|node:internal/);
});

/** A task `odd-task` that does `body`, and a plan `odd` that runs it. */
async function writeOddTask(body: string): Promise<void> {
  await workspace.write(
    'tasks/odd-task.ts',
    `import { Failure } from 'run-plan/task';
export default {
  name: 'odd-task', description: 'Odd', needs: [], writes: [], role: 'other', outputs: [], parameters: { type: 'object' },
  run: async ({ $, report }) => {
    ${body}
  },
};
`,
  );
  await workspace.write('plans/odd.yaml', 'environment: prod\ntimeout: 1m\nsteps: [{ task: odd-task }]\n');
}

test('a failure with a code that nobody knows is red', async () => {
  await writeOddTask("throw new Failure('of-my-own', 'no entry', { hint: 5 });");
  const told = await workspace.start(['odd']).ended;
  expect(told.code, told.text).toBe(20);
  expect(told.text).toContain('no entry');
  const [record] = await workspace.records('odd');
  expect(record).toMatchObject({
    outcome: 'failed',
    exitCode: 20,
    error: { code: 'task-failed', hint: '5' },
  });
});

test('--config may stand before the command', async () => {
  await workspace.write('other.yaml', 'plans: elsewhere\n');
  await workspace.write(
    'elsewhere/environments.yaml',
    'environments: { here: { repository: { folder: kept } } }\n',
  );
  await workspace.write(
    'elsewhere/only-here.yaml',
    'environment: here\ntimeout: 1m\nsteps: [{ run: "true" }]\n',
  );
  for (const words of [['--config', 'other.yaml'], ['--config=other.yaml']]) {
    const told = await workspace.run([...words, 'list']);
    expect(told.text).toContain('only-here');
    expect(told.code).toBe(0);
  }
});

test('a task whose file has no name of a task is told what names look like', async () => {
  await workspace.write('tasks/warm.ts', await exampleTask());
  await workspace.write('plans/warms.yaml', 'environment: prod\ntimeout: 1m\nsteps: [{ task: warm }]\n');
  const told = await workspace.run(['validate', 'warms']);
  expect(told.code).toBe(10);
  expect(told.text).toContain('a task is called noun-verb, as in cache-warm.ts');
});

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const registry = new URL('../../../src/task/registry.ts', import.meta.url).href;
const builtInFolder = fileURLToPath(new URL('../../../tasks/', import.meta.url));

const good = `import type { Task } from 'run-plan/task';
import { times } from './shared.ts';
const task: Task<{ url: string }> = {
  name: 'cache-warm', description: 'Warms', needs: [], writes: [], role: 'other', outputs: ['hits'],
  parameters: { type: 'object', additionalProperties: false, required: ['url'], properties: { url: { type: 'string' }, times: { type: 'integer', default: times } } },
  run: () => Promise.resolve({}),
};
export default task;
`;
const javaScript = (name: string, parameters: string): string =>
  `import * as contract from 'run-plan/task';\nexport default { name: '${name}', description: '', needs: [], writes: [], outputs: [], role: 'other', parameters: ${parameters}, run() { return contract; } };\n`;

const files: Readonly<Record<string, string>> = {
  'cache-warm.ts': good,
  'shared.ts': 'export const times: number = 3;\n',
  'README.md': '',
  'cache-warm.test.ts': 'throw new Error("a test is no task");\n',
  'plain-js.js': javaScript('plain-js', '{}'),
  'syntax-wrong.ts': 'const first = 1;\nconst second = ;\nexport default {};\n',
  'enum-used.ts': 'enum Colour { Red }\nexport default Colour;\n',
  'export-missing.ts': 'export const task = {};\n',
  'name-wrong.ts': javaScript('other-name', '{}'),
  'schema-wrong.ts': javaScript('schema-wrong', "{ type: 'objet' }"),
  'import-wrong.ts': "import { x } from 'no-such-package';\nexport default x;\n",
  'throws-early.ts': '\n\nthrow new Error("no credentials");\n',
  'artifact-verify.ts': javaScript('artifact-verify', '{}'),
};

let folder: string;
let found: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-tasks-'));
  await mkdir(join(folder, 'tasks'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'tasks', name), text);
  // In a process of its own: a test runner would strip the types in Node's place.
  const script = `
    const { createTaskRegistry } = await import(${JSON.stringify(registry)});
    const registry = createTaskRegistry({ builtInFolder: ${JSON.stringify(builtInFolder)}, folders: ['tasks', 'missing'], workingFolder: process.cwd() });
    const found = { names: registry.files.map(({ name }) => name), problems: registry.problems };
    for (const { name, isBuiltIn } of registry.files) {
      if (isBuiltIn) continue;
      const { registered, problem } = await registry.find(name);
      const errors = registered === undefined || registered.validate({ times: 'x' }) ? [] : registered.validate.errors.map(({ keyword }) => keyword);
      found[name] = { problem, errors };
    }
    console.log(JSON.stringify(found));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: folder,
  });
  found = JSON.parse(stdout) as Record<string, unknown>;
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('built-in tasks and those of the operator stand in one list, by their files', () => {
  expect(found['names']).toEqual(
    expect.arrayContaining(['artifact-prune', 'artifact-verify', 'cache-warm', 'plain-js', 'postgres-dump']),
  );
  expect(found['names']).not.toContain('shared');
});

test('a task in TypeScript, with a helper beside it, needs nothing installed', () => {
  expect(found['cache-warm']).toEqual({ errors: expect.arrayContaining(['required', 'type']) as unknown });
});

test('a task without a schema takes no parameters', () => {
  expect(found['plain-js']).toEqual({ errors: ['additionalProperties'] });
});

test('a name that a built-in task has is taken', () => {
  expect(found['problems']).toMatchObject([
    { file: 'tasks/artifact-verify.ts', message: expect.stringContaining('built-in') as unknown },
  ]);
});

test.each([
  ['syntax-wrong', 2, /Expression expected/],
  ['enum-used', 1, /enum is not supported/],
  ['export-missing', 1, /no default export/],
  ['name-wrong', 1, /must be that of its file, 'name-wrong', not "other-name"/],
  ['schema-wrong', 1, /no usable JSON Schema/],
  ['import-wrong', 1, /Cannot find package 'no-such-package'/],
  ['throws-early', 3, /no credentials/],
])('%s is a problem at line %i and no stack', (name, line, message) => {
  expect(found[name]).toMatchObject({
    problem: { file: `tasks/${name}.ts`, line, severity: 'error', rule: 'task-module' },
  });
  const { problem } = found[name] as { readonly problem: { readonly message: string } };
  expect(problem.message).toMatch(message);
  expect(problem.message).not.toMatch(/\n|\bat .*:\d+:\d+/);
});

import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkspace, type Workspace } from './workspace.ts';

let workspace: Workspace;
const witness = (): string => join(workspace.folder, 'witness');

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    'environments: { dev: { postgres: { host: h, database: d, user: u } } }\n',
  );
  await workspace.write('plans/nightly.yaml', 'environment: dev\ntimeout: 1m\nsteps: [{ task: own-task }]\n');
  await workspace.write(
    'tasks/own-task.ts',
    `import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(witness())}, 'it ran');
export default { name: 'own-task', description: 'x', role: 'other', needs: [], writes: [], outputs: [], parameters: { type: 'object' }, run: () => ({}) };
`,
  );
});

afterEach(() => workspace.remove());

const hasRun = (): Promise<boolean> =>
  stat(witness()).then(
    () => true,
    () => false,
  );

test.each(['run-plan.yaml', 'plans', 'plans/nightly.yaml', 'tasks', 'tasks/own-task.ts', '.'])(
  'a listing runs nothing when others may write %s, and names it with its owner and how to allow it',
  async (path) => {
    await chmod(join(workspace.folder, path), 0o777);
    const refused = await workspace.run(['list']);
    expect(refused.code).toBe(11);
    const named = join(workspace.folder, path).replace(/\/$/, '');
    // Itself, or the folder above what was wanted.
    expect(refused.stderr.replace('is not used: it', '')).toMatch(new RegExp(`${named}[ :]+belongs to `));
    expect(refused.stderr).toContain('RUN_PLAN_CONFIG');
    expect(await hasRun()).toBe(false);
    const settings = join(workspace.folder, 'run-plan.yaml');
    expect(await workspace.run(['list'], { RUN_PLAN_CONFIG: settings })).toMatchObject({ code: 0 });
    expect(await workspace.run(['list', '--config', settings])).toMatchObject({ code: 0 });
    expect(await hasRun()).toBe(true);
  },
);

test.runIf(process.getuid?.() === 0)('settings of another user in a folder above are not taken', async () => {
  await mkdir(join(workspace.folder, '.git'));
  await workspace.write('deep/readme', '');
  await chown(join(workspace.folder, 'run-plan.yaml'), 65_534, 65_534);
  const refused = await workspace.run(['list']);
  expect([refused.code, refused.stderr]).toEqual([11, expect.stringContaining('belongs to nobody')]);
  expect(await hasRun()).toBe(false);
});

test('a listing runs nothing of what a task imports and others may write, however deep', async () => {
  const settings = join(workspace.folder, 'run-plan.yaml');
  await workspace.write(
    'tasks/lib/deep.ts',
    `import { writeFileSync } from 'node:fs';
export const wrote = writeFileSync(${JSON.stringify(witness())}, 'it ran');
`,
  );
  await workspace.write('tasks/helper.ts', "export { wrote } from './lib/deep.ts';\n");
  await workspace.write(
    'tasks/own-task.ts',
    `import './helper.ts';
export default { name: 'own-task', description: 'x', role: 'other', needs: [], writes: [], outputs: [], parameters: { type: 'object' }, run: () => ({}) };
`,
  );
  await chmod(join(workspace.folder, 'tasks/lib'), 0o777);
  const refused = await workspace.start(['list']).ended;
  expect([refused.code, refused.text]).toEqual([
    11,
    expect.stringContaining('tasks/lib/deep.ts is not used: '),
  ]);
  expect(await hasRun()).toBe(false);
  expect(await workspace.start(['list', '--config', settings]).ended).toMatchObject({ code: 0 });
  expect(await hasRun()).toBe(true);
});

test('doctor and units name the settings in use', async () => {
  const settings = join(workspace.folder, 'run-plan.yaml');
  expect((await workspace.run(['doctor'])).stdout).toContain(settings);
});

test.each([
  ['that are no YAML', (path: string) => writeFile(path, 'plans: [broken\n')],
  ['that are no UTF-8', (path: string) => writeFile(path, Buffer.from([0xff]))],
  ['that are a named pipe', (path: string) => void execFileSync('mkfifo', [path])],
])('a listing by settings %s is none: nobody knows which folder is meant', async (_, breakThem) => {
  const settings = join(workspace.folder, 'run-plan.yaml');
  await rm(settings);
  await breakThem(settings);
  const { code, stdout, stderr } = await workspace.run(['list']);
  expect([code, stdout]).toEqual([10, '']);
  expect(stderr).toContain('run-plan.yaml:');
});

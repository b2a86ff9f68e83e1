import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { Task, TaskContext } from '../../../src/task/contract.ts';
import { createTaskRegistry } from '../../../src/task/registry.ts';

const declaration = {
  name: 'artifact-prune',
  description: 'Prunes',
  needs: ['repository'],
  writes: [],
  role: 'prune',
  outputs: ['kept'],
} as const;

test('a built task says what it is without its module, which is loaded to describe and to run', async () => {
  const builtInFolder = await mkdtemp(join(tmpdir(), 'built-in-tasks-'));
  onTestFinished(() => rm(builtInFolder, { recursive: true }));
  await writeFile(join(builtInFolder, 'declarations.json'), JSON.stringify([declaration]));
  const loaded: string[] = [];
  const module: { readonly default: Task } = {
    default: {
      ...declaration,
      parameters: { type: 'object' },
      describe: () => ['prune it'],
      run: () => Promise.resolve({ outputs: { kept: '3' } }),
    },
  };
  const registry = createTaskRegistry({
    builtInFolder,
    folders: [],
    workingFolder: builtInFolder,
    loadBuilt: (file) => {
      loaded.push(file);
      return module;
    },
  });
  const { registered } = await registry.find('artifact-prune');
  expect(registry.files.map(({ name }) => name)).toEqual(['artifact-prune']);
  expect(registered?.task).toMatchObject(declaration);
  expect(loaded).toEqual([]);

  expect(registered?.task.describe?.({}, {} as Environment)).toEqual(['prune it']);
  expect(await registered?.task.run({} as TaskContext, {})).toEqual({ outputs: { kept: '3' } });
  expect(registered?.task.parameters).toEqual({ type: 'object' });
  expect(new Set(loaded)).toEqual(new Set([join(builtInFolder, 'artifact-prune.cjs')]));
});

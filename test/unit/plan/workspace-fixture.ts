import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkspace } from '../../../src/plan/load-workspace.ts';
import type { Workspace } from '../../../src/plan/workspace.ts';
import { createTaskRegistry } from '../../../src/task/registry.ts';

export const builtInFolder = fileURLToPath(new URL('../../../tasks/', import.meta.url));

/** Loads a folder of plans with the built-in tasks and those in its own `tasks/`, on a fixed day. */
export async function loadFixture(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Workspace> {
  const registry = await createTaskRegistry({
    builtInFolder,
    folders: [join(folder, 'tasks')],
    workingFolder: folder,
  });
  return loadWorkspace({
    settings: {
      plansFolder: folder,
      taskFolders: [],
      logFormat: 'auto',
      defaults: { timeZone: 'UTC' },
    },
    registry,
    commandNames: ['validate', 'list'],
    variables,
    workingFolder: folder,
    now: new Date('2026-11-22T12:00:00Z'),
  });
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkspace } from '../../../../src/language/plan/load-workspace.ts';
import type { Workspace } from '../../../../src/language/plan/workspace.ts';
import { createTaskRegistry } from '../../../../src/task/registry.ts';

export const builtInFolder = fileURLToPath(new URL('../../../../tasks/', import.meta.url));

/** Loads a folder of plans with the built-in tasks and those in its own `tasks/`, on a fixed day. */
export async function loadFixture(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Workspace> {
  const registry = createTaskRegistry({
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

/** Writes files into a new folder, loads it and removes it. */
export async function loadFiles(
  files: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-plans-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return await loadFixture(folder, variables);
  } finally {
    await rm(folder, { recursive: true });
  }
}

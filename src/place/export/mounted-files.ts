import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExportedPlan } from './exported-plan.ts';
import { renderYaml } from './yaml-text.ts';
import { Failure } from '../../base/failure.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Settings } from '../../language/settings/settings.ts';
import type { Plans } from '../../task/plans.ts';

/** A file that a run reads: a plan, the environments, an operator's own task. */
export interface MountedFile {
  /** Below the run's working folder, as `plans/nightly-prod.yaml`. */
  readonly path: string;
  readonly text: string;
}

/** Larger than any task and its schema; a folder of tasks with such a file holds something else. */
const greatestBytes = 1_048_576;

/**
 * What a run in a container reads, as it would lie on a host: the settings that matter there, the environments, the
 * plans, and the operator's own tasks with the files beside them.
 * @throws Failure `usage` for a folder of tasks that no ConfigMap can hold
 */
export async function mountedFiles(
  plans: Plans,
  exported: readonly ExportedPlan[],
): Promise<readonly MountedFile[]> {
  const { settings, workspace } = plans;
  const files = [workspace.environmentsFile, ...exported.map(({ plan }) => plan.file)];
  return [
    { path: 'run-plan.yaml', text: settingsText(settings) },
    ...files.flatMap((file) => {
      const text = workspace.sources.get(file);
      return text === undefined ? [] : [{ path: `plans/${basename(file)}`, text }];
    }),
    ...(await taskFiles(plans)),
  ];
}

function settingsText({ defaults, logFormat }: Settings): string {
  const duration = (ms: number | undefined, key: string): Readonly<Record<string, string>> =>
    ms === undefined ? {} : { [key]: renderPlanDuration(ms) };
  return renderYaml(
    {
      plans: 'plans',
      tasks: ['tasks'],
      ...(logFormat !== 'auto' && { 'log-format': logFormat }),
      defaults: {
        ...duration(defaults.timeoutMs, 'timeout'),
        ...duration(defaults.stepTimeoutMs, 'step-timeout'),
        ...duration(defaults.stallTimeoutMs, 'stall-timeout'),
        'time-zone': defaults.timeZone,
      },
    },
    [],
  );
}

/** Every file of the folders that hold the operator's own tasks. */
async function taskFiles({ registry, settings }: Plans): Promise<readonly MountedFile[]> {
  const own = registry.files.filter(({ isBuiltIn }) => !isBuiltIn).map(({ path }) => path);
  const folders = settings.taskFolders.filter((folder) =>
    own.some((path) => path.startsWith(join(folder, '/'))),
  );
  const found = new Map<string, MountedFile>();
  for (const folder of folders) {
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const { size, ...kind } = await stat(path).then((about) => ({
        size: about.size,
        isFile: about.isFile(),
      }));
      if (!kind.isFile || !/^[\w.-]+$/.test(name)) continue;
      if (size > greatestBytes) {
        throw new Failure('usage', `${path} has ${String(size)} bytes, more than a ConfigMap holds`, {
          hint: 'move it out of the folder of tasks, or put the tasks into an image of your own',
        });
      }
      found.set(name, { path: `tasks/${name}`, text: await readFile(path, 'utf8') });
    }
  }
  return [...found.values()];
}

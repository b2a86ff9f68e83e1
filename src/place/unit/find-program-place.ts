import { defined } from '../../base/defined.ts';
import { basename, dirname, resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import type { Settings } from '../../language/settings/settings.ts';
import type { ProgramPlace } from './program-place.ts';
import type { CommandHost } from '../../task/host.ts';

/** The folder of the package that holds `dist/tasks`: with `bin`, `systemd`. */
function packageFolder(host: CommandHost): string {
  return resolve(host.taskFolder, '..', '..');
}

/** This run-plan and its settings, as units name them: the same from whichever folder the operator asks. */
export function programPlace(host: CommandHost, settings: Settings): ProgramPlace {
  const { file, plansFolder, stateFolder, metricsFolder } = settings;
  const beside = file === undefined ? dirname(plansFolder) : dirname(file);
  return {
    node: process.execPath,
    launcher: resolve(packageFolder(host), 'bin', 'run-plan.cjs'),
    ...defined({ settingsFile: file }),
    workingFolder: basename(beside) === '.config' ? dirname(beside) : beside,
    ...defined({ stateFolder, metricsFolder }),
  };
}

/** The unit templates that this run-plan ships. */
export async function shippedTemplates(
  host: CommandHost,
): Promise<{ readonly run: string; readonly alert: string }> {
  const read = (name: string): Promise<string> =>
    readFile(resolve(packageFolder(host), 'systemd', name), 'utf8');
  const [run, alert] = await Promise.all([read('run-plan@.service'), read('run-plan-alert@.service')]);
  return { run, alert };
}

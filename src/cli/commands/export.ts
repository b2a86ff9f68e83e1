import { relative, resolve } from 'node:path';
import { defined } from '../../base/defined.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { Failure } from '../../base/failure.ts';
import type { ExportFile, ExportSettings, Obstacle } from '../../place/export/exported-plan.ts';
import { exportedPlans } from '../../place/export/exported-plans.ts';
import type { ExportOptions, Scheduler } from '../../place/export/schedulers.ts';
import { writeFiles } from '../../place/export/write-files.ts';
import { print, type CommandHost } from '../../task/host.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';

export interface ExportFlags extends ExportOptions {
  readonly output?: string | undefined;
  readonly config?: string | undefined;
}

/** Writes the files by which another scheduler runs the plans; with an obstacle nothing is written. */
export async function exportCommand(
  host: CommandHost,
  scheduler: Scheduler,
  names: readonly string[],
  options: ExportFlags,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const exported = exportedPlans(plans, names);
  const { exporter } = await scheduler.load();
  const settings = settingsOf(host, plans, options);
  const { files, obstacles } = await exporter({ host, plans, exported, settings, options });
  if (obstacles.length > 0) throw refused(scheduler, obstacles);
  if (options.output === undefined) host.terminal.document(printed(files));
  else {
    const paths = await writeFiles(resolve(host.workingFolder, options.output), files);
    print(host, ...paths.map((path) => relative(host.workingFolder, path)));
  }
  return exitCode.done;
}

function settingsOf(host: CommandHost, plans: Plans, options: ExportFlags): ExportSettings {
  const { image, awsRole, postgresMajor } = options;
  return {
    version: host.version,
    now: new Date(),
    package: options.package ?? `run-plan@${host.version}`,
    ...defined({
      config: portableSettings(host, plans, options.config),
      image,
      awsRole,
      postgresMajor: postgresMajor === undefined ? undefined : Number(postgresMajor),
    }),
  };
}

/** Several files as one stream, each below its name. */
function printed(files: readonly ExportFile[]): string {
  const [only, second] = files;
  if (only !== undefined && second === undefined) return only.text;
  return files.map(({ path, text }) => `--- # ${path}\n${text}`).join('');
}

/** All of them at once: the first as the message, the others in the hint. */
function refused({ name }: Scheduler, obstacles: readonly Obstacle[]): Failure {
  const lines = obstacles.map(({ plan, message, hint }) => `${plan.file} ${message}\n    ${hint}`);
  const count = obstacles.length === 1 ? '' : ` (${String(obstacles.length)} reasons)`;
  return new Failure('not-exportable', `${name} cannot run this as it is${count}; nothing was written`, {
    hint: lines.join('\n  '),
  });
}

/** The settings in use as a checkout elsewhere has them: those that were named, or were found here. */
function portableSettings(host: CommandHost, plans: Plans, named: string | undefined): string | undefined {
  const file = named === undefined ? plans.settings.file : resolve(host.workingFolder, named);
  const path = file && relative(host.workingFolder, file);
  return named === undefined && path?.startsWith('..') === true ? undefined : path;
}

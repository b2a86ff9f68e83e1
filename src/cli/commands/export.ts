import { defined } from '../../base/defined.ts';
import { relative, resolve } from 'node:path';
import { exportBuildkite } from '../../place/export/buildkite.ts';
import { exportCron } from '../../place/export/cron.ts';
import type {
  Export,
  ExportedPlan,
  ExportFile,
  ExportSettings,
  Obstacle,
} from '../../place/export/exported-plan.ts';
import { exportGitHubActions } from '../../place/export/github-actions.ts';
import { exportKubernetes } from '../../place/export/kubernetes.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { Failure } from '../../base/failure.ts';
import { exportedPlans } from '../export/exported-plans.ts';
import { mountedFiles } from '../../place/export/mounted-files.ts';
import { writeFiles } from '../../place/export/write-files.ts';
import { print, type CommandHost } from '../../task/host.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';
import { programPlace } from '../../place/unit/find-program-place.ts';

/** Whose files are written. */
export type ExportKind = 'cron' | 'github-actions' | 'buildkite' | 'kubernetes';

/** Those of all schedulers together; each one's grammar offers what it knows. */
export interface ExportOptions {
  readonly output?: string | undefined;
  readonly config?: string | undefined;
  readonly user?: string | undefined;
  readonly mailTo?: string | undefined;
  readonly runner?: string | undefined;
  readonly image?: string | undefined;
  readonly package?: string | undefined;
  readonly postgresMajor?: number | undefined;
  readonly awsRole?: string | undefined;
  readonly namespace?: string | undefined;
  readonly claim?: string | undefined;
}

/** Writes the files by which another scheduler runs the plans; with an obstacle nothing is written. */
export async function exportCommand(
  host: CommandHost,
  kind: ExportKind,
  names: readonly string[],
  options: ExportOptions,
): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const exported = exportedPlans(plans, names);
  const { files, obstacles } = await exportOf(host, kind, plans, exported, options);
  if (obstacles.length > 0) throw refused(kind, obstacles);
  if (options.output === undefined) host.terminal.document(printed(files));
  else {
    const paths = await writeFiles(resolve(host.workingFolder, options.output), files);
    print(host, ...paths.map((path) => relative(host.workingFolder, path)));
  }
  return exitCode.done;
}

async function exportOf(
  host: CommandHost,
  kind: ExportKind,
  plans: Plans,
  exported: readonly ExportedPlan[],
  options: ExportOptions,
): Promise<Export> {
  const { image, awsRole, postgresMajor } = options;
  const config = portableSettings(host, plans, options.config);
  const settings: ExportSettings = {
    version: host.version,
    now: new Date(),
    package: options.package ?? `run-plan@${host.version}`,
    ...defined({ config, image, awsRole, postgresMajor }),
  };
  switch (kind) {
    case 'cron':
      return exportCron(exported, {
        ...settings,
        place: programPlace(host, plans.settings),
        ...defined({ account: options.user, mailTo: options.mailTo }),
      });
    case 'github-actions':
      return exportGitHubActions(exported, { ...settings, runner: options.runner ?? 'ubuntu-24.04' });
    case 'buildkite':
      return exportBuildkite(exported, settings);
    case 'kubernetes':
      return exportKubernetes(exported, {
        ...settings,
        image: image ?? `run-plan:${host.version}`,
        ...defined({ namespace: options.namespace, claim: options.claim }),
        files: await mountedFiles(plans, exported),
      });
  }
}

/** Several files as one stream, each below its name. */
function printed(files: readonly ExportFile[]): string {
  const [only, second] = files;
  if (only !== undefined && second === undefined) return only.text;
  return files.map(({ path, text }) => `--- # ${path}\n${text}`).join('');
}

/** All of them at once: the first as the message, the others in the hint. */
function refused(kind: ExportKind, obstacles: readonly Obstacle[]): Failure {
  const lines = obstacles.map(({ plan, message, hint }) => `${plan.file} ${message}\n    ${hint}`);
  const count = obstacles.length === 1 ? '' : ` (${String(obstacles.length)} reasons)`;
  return new Failure('not-exportable', `${kind} cannot run this as it is${count}; nothing was written`, {
    hint: lines.join('\n  '),
  });
}

/** The settings in use as a checkout elsewhere has them: those that were named, or were found here. */
function portableSettings(host: CommandHost, plans: Plans, named: string | undefined): string | undefined {
  const file = named === undefined ? plans.settings.file : resolve(host.workingFolder, named);
  const path = file && relative(host.workingFolder, file);
  return named === undefined && path?.startsWith('..') === true ? undefined : path;
}

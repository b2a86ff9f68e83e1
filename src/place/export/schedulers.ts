import type { CommandHost } from '../../task/host.ts';
import type { Plans } from '../../task/plans.ts';
import type { Export, ExportedPlan, ExportSettings } from './exported-plan.ts';

/** What the command line said, by the options that a scheduler knows. */
export interface ExportOptions {
  readonly user?: string | undefined;
  readonly mailTo?: string | undefined;
  readonly runner?: string | undefined;
  readonly image?: string | undefined;
  readonly package?: string | undefined;
  readonly postgresMajor?: string | undefined;
  readonly awsRole?: string | undefined;
  readonly namespace?: string | undefined;
  readonly claim?: string | undefined;
}

/** All that an exporter may look at. */
export interface ExportRequest {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly exported: readonly ExportedPlan[];
  readonly settings: ExportSettings;
  readonly options: ExportOptions;
}

export type Exporter = (request: ExportRequest) => Export | Promise<Export>;

/** An option of a scheduler, as a grammar takes it. */
interface SchedulerOption {
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  /** Why a text is none; undefined when it is one. */
  readonly mistake?: (text: string) => string | undefined;
}

/** One that runs plans at their times. */
export interface Scheduler {
  readonly name: string;
  readonly description: string;
  readonly options: readonly SchedulerOption[];
  readonly load: () => Promise<{ readonly exporter: Exporter }>;
}

/** Label of GitHub's own runners. */
export const usualRunner = 'ubuntu-24.04';

const image: SchedulerOption = {
  flags: '--image <image>',
  description: 'container image made from the Containerfile, where runs happen',
};
const npmPackage: SchedulerOption = {
  flags: '--package <package>',
  description: 'what npm installs: a version, a tarball, an address',
};
const postgresMajor: SchedulerOption = {
  flags: '--postgres-major <major>',
  description: "the server's major: only its client is installed",
  mistake: (text) => (/^(9|[1-9]\d)$/.test(text) ? undefined : 'it is no major of PostgreSQL: 17'),
};
const awsRole: SchedulerOption = {
  flags: '--aws-role <arn>',
  description: 'role in AWS that runs assume',
};

/** Every scheduler that plans are exported to: one more is a file with its exporter, and a row here. */
export const schedulers: readonly Scheduler[] = [
  {
    name: 'cron',
    description: 'A crontab.',
    options: [
      {
        flags: '--user <account>',
        description: 'for /etc/cron.d, where lines name the account that runs them',
      },
      { flags: '--mail-to <address>', description: 'who gets what a failed run printed' },
    ],
    load: () => import('./cron.ts'),
  },
  {
    name: 'github-actions',
    description: 'A workflow for each plan.',
    options: [
      { flags: '--runner <label>', description: 'label of the runners', default: usualRunner },
      image,
      npmPackage,
      postgresMajor,
      awsRole,
    ],
    load: () => import('./github-actions.ts'),
  },
  {
    name: 'buildkite',
    description: 'A pipeline for each plan.',
    options: [image, npmPackage, postgresMajor, awsRole],
    load: () => import('./buildkite.ts'),
  },
  {
    name: 'kubernetes',
    description: 'One manifest: CronJobs, and the plans as a ConfigMap.',
    options: [
      { flags: '--namespace <name>', description: 'make this namespace, and put everything there' },
      {
        flags: '--claim <name>',
        description: 'PersistentVolumeClaim for records, and for repositories in folders',
      },
      image,
      awsRole,
    ],
    load: () => import('./kubernetes.ts'),
  },
];

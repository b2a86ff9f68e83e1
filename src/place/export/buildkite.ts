import { defined } from '../../base/defined.ts';
import type { CronLine } from '../../language/schedule/cron-lines.ts';
import { renderScheduleEntry } from '../../language/schedule/schedule-words.ts';
import { plugins } from './actions.ts';
import { credentialScript, secretVariables, storedCredentials } from './ci-secrets.ts';
import {
  generatedMark,
  type Export,
  type ExportedPlan,
  type ExportFile,
  type ExportSettings,
} from './exported-plan.ts';
import { hostNeeds, imageRemarks } from './host-needs.ts';
import { installScript } from './install-script.ts';
import { runnerObstacles } from './runner-obstacles.ts';
import { firingText, lineRemarks, scheduleLines, type ScheduleLines } from './schedule-lines.ts';
import { shellWord, variableName } from './shell.ts';
import type { Exporter } from './schedulers.ts';
import { storesUsed } from './stores-used.ts';
import { minutes, schedulerLimits, seconds } from './time-limits.ts';
import { variablesUsed } from './variables-used.ts';
import { renderYaml } from './yaml-text.ts';

/** Buildkite starts a scheduled build within ten minutes and takes no shorter interval. */
const buildkite = { name: 'Buildkite', closestMs: 10 * 60_000 };
/** Below the checkout, where an agent collects artifacts; its name begins with a dot so that no plan or task is looked for there. */
const stateFolder = '.run-plan-state';

export const exporter: Exporter = ({ exported, settings }) => exportBuildkite(exported, settings);

/** A pipeline for each plan. Its schedule is created in Buildkite, which has no words for one in a pipeline's file. Pure. */
export function exportBuildkite(plans: readonly ExportedPlan[], settings: ExportSettings): Export {
  const read = plans.map((exported) => ({ exported, lines: scheduleLines(exported, buildkite) }));
  return {
    files: read.map(({ exported, lines }) => pipeline(exported, lines, settings)),
    obstacles: read.flatMap(({ exported, lines }) => [
      ...lines.obstacles,
      ...runnerObstacles(exported, "an agent's checkout"),
    ]),
  };
}

function pipeline(exported: ExportedPlan, schedule: ScheduleLines, settings: ExportSettings): ExportFile {
  const { plan } = exported;
  const credentials = storedCredentials(exported);
  const secrets = [...secretVariables(exported), ...credentials.map(({ variable }) => variable)];
  const script = uploaded(runScript(exported, schedule.lines, settings));
  const step = {
    label: `run-plan ${plan.name}`,
    key: plan.name,
    ...(settings.image === undefined && { command: script }),
    concurrency: 1,
    concurrency_group: `run-plan/${plan.name}`,
    timeout_in_minutes: minutes(schedulerLimits(plan).wholeMs),
    ...(secrets.length > 0 && { secrets }),
    artifact_paths: ['runs', 'evidence', 'kept'].map((folder) => `${stateFolder}/${folder}/**/*`),
    retry: { automatic: false },
    soft_fail: false,
    ...pluginsOf(exported, secrets, script, settings),
  };
  return {
    path: `run-plan-${plan.name}.yml`,
    text: renderYaml({ steps: [step] }, head(exported, schedule, settings, secrets), [
      {
        path: ['steps', 0, 'concurrency'],
        text: 'One run at a time in the whole organization; another waits.',
      },
    ]),
  };
}

function pluginsOf(
  exported: ExportedPlan,
  secrets: readonly string[],
  script: string,
  settings: ExportSettings,
): { readonly plugins?: readonly object[] } {
  const { needsRole, region } = storesUsed(exported);
  const limit = seconds(schedulerLimits(exported.plan).wholeMs);
  const list = [
    ...(needsRole
      ? [
          {
            [plugins.assumeRole]: {
              'role-arn': settings.awsRole ?? '${AWS_ROLE_ARN}',
              ...defined({ region }),
              'role-session-duration': Math.min(Math.max(limit, 900), 43_200),
            },
          },
        ]
      : []),
    ...(settings.image === undefined
      ? []
      : [
          {
            [plugins.docker]: {
              image: settings.image,
              entrypoint: '/bin/bash',
              command: ['-c', script],
              environment: [
                ...secrets,
                ...variablesUsed(exported).map(({ name }) => name),
                ...exported.plan.parameters.map(({ name }) => variableName('SET_', name)),
                ...(exported.confirms === undefined ? [] : ['CONFIRMED']),
                'RUN_PLAN_IF_DUE',
              ],
              'propagate-aws-auth-tokens': needsRole,
              'propagate-uid-gid': true,
            },
          },
        ]),
  ];
  return list.length === 0 ? {} : { plugins: list };
}

/** Bash of the whole run; a pipeline's upload replaces `$`, see `uploaded`. */
function runScript(exported: ExportedPlan, lines: readonly CronLine[], settings: ExportSettings): string {
  const { plan, confirms } = exported;
  const credentials = storedCredentials(exported);
  const config = settings.config === undefined ? '' : ` --config ${shellWord(settings.config)}`;
  return [
    settings.image === undefined ? installScript(exported, settings) : 'set -euo pipefail\n',
    `export STATE_DIRECTORY="$PWD/${stateFolder}"\n`,
    ...(credentials.length === 0
      ? []
      : [
          'export CREDENTIALS_DIRECTORY\n',
          'CREDENTIALS_DIRECTORY=$(mktemp -d)\n',
          `trap 'rm -rf "$CREDENTIALS_DIRECTORY"' EXIT\n`,
          credentialScript(credentials, '$CREDENTIALS_DIRECTORY'),
        ]),
    `words=(run ${plan.name}${config})\n`,
    ...plan.parameters.map(({ name }) => {
      const variable = variableName('SET_', name);
      return `[ -z "\${${variable}:-}" ] || words+=(--set "${name}=$${variable}")\n`;
    }),
    ...(confirms === undefined ? [] : ['[ -z "${CONFIRMED:-}" ] || words+=(--yes "$CONFIRMED")\n']),
    ...(lines.some(({ isWider }) => isWider)
      ? ['[ -z "${RUN_PLAN_IF_DUE:-}" ] || words+=(--if-due "$RUN_PLAN_IF_DUE")\n']
      : []),
    'run-plan "${words[@]}"\n',
  ].join('');
}

/** `buildkite-agent pipeline upload` puts variables in place of `$NAME` before any shell sees them; `$$` stays a `$`. */
function uploaded(script: string): string {
  return script.replaceAll('$', '$$$$');
}

function head(
  exported: ExportedPlan,
  { lines }: ScheduleLines,
  settings: ExportSettings,
  secrets: readonly string[],
): readonly string[] {
  const { plan, confirms } = exported;
  const { needsRole, region } = storesUsed(exported);
  const wanted = [
    ...variablesUsed(exported).map(({ name, isRequired }) => (isRequired ? name : `${name} (optional)`)),
    ...(needsRole && settings.awsRole === undefined
      ? ['AWS_ROLE_ARN (a role that trusts agent.buildkite.com)']
      : []),
    ...(needsRole && region === undefined ? ['AWS_REGION'] : []),
  ];
  const byHand = [
    ...plan.parameters.map(({ name }) => `${variableName('SET_', name)} (the parameter ${name})`),
    ...(confirms === undefined ? [] : [`CONFIRMED=${confirms} (it writes to that protected environment)`]),
  ];
  return [
    `${generatedMark.slice(2)} buildkite ${settings.version}; export it again after a change of the plan.`,
    `Its place is .buildkite beside the plans; the pipeline's first step: buildkite-agent pipeline upload .buildkite/run-plan-${plan.name}.yml`,
    ...(lines.length === 0
      ? []
      : [
          "A pipeline cannot hold its schedule: create it in the pipeline's settings, under Schedules (or with the GraphQL API):",
        ]),
    ...lines.flatMap((line) => [
      `  Cron interval: ${firingText(line)}`,
      ...(line.isWider ? [`  Environment variables: RUN_PLAN_IF_DUE=${firingText(line)}`] : []),
      ...lineRemarks(line, settings.now).map((remark) => `  ${remark}`),
    ]),
    ...plan.schedule.map((entry) => `Runs ${renderScheduleEntry(entry, plan.timeZone)}.`),
    ...(secrets.length === 0 ? [] : [`Secrets to create in the cluster: ${secrets.join(' ')}`]),
    ...(wanted.length === 0 ? [] : [`Environment variables of the pipeline: ${wanted.join(' ')}`]),
    ...(byHand.length === 0 ? [] : [`Environment variables of a build by hand: ${byHand.join(' ')}`]),
    ...(needsRole ? ['The plugin that assumes the role needs aws and jq on the agent.'] : []),
    ...hostNeeds(exported).map((need) => `Needs ${need}`),
    ...(settings.image === undefined
      ? [
          'Runs on the agent itself and installs what it lacks; --image runs it in a container made from the Containerfile of run-plan.',
        ]
      : imageRemarks(exported)),
  ];
}

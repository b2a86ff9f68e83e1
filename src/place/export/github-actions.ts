import { renderScheduleEntry } from '../../language/schedule/schedule-words.ts';
import {
  generatedMark,
  type Export,
  type ExportedPlan,
  type ExportFile,
  type ExportSettings,
} from './exported-plan.ts';
import { gitHubSteps } from './github-steps.ts';
import { hostNeeds, imageRemarks } from './host-needs.ts';
import { runnerObstacles } from './runner-obstacles.ts';
import { lineRemarks, scheduleLines, type ScheduleLines } from './schedule-lines.ts';
import { secretVariables, storedCredentials } from './ci-secrets.ts';
import { usualRunner, type Exporter } from './schedulers.ts';
import { storesUsed } from './stores-used.ts';
import { minutes, schedulerLimits } from './time-limits.ts';
import { variablesUsed } from './variables-used.ts';
import { renderYaml, type YamlComment } from './yaml-text.ts';

export interface GitHubSettings extends ExportSettings {
  /** Label of the runners. */
  readonly runner: string;
}

/** GitHub promises no shorter interval. */
const gitHub = { name: 'GitHub Actions', closestMs: 5 * 60_000 };
/** GitHub ends what runs on its own machines after six hours. */
const hostedLimitMinutes = 360;

export const exporter: Exporter = ({ exported, settings, options }) =>
  exportGitHubActions(exported, { ...settings, runner: options.runner ?? usualRunner });

/** A workflow for each plan: on time in the plan's own zone, and by hand with the plan's parameters. Pure. */
export function exportGitHubActions(plans: readonly ExportedPlan[], settings: GitHubSettings): Export {
  const read = plans.map((exported) => ({ exported, lines: scheduleLines(exported, gitHub) }));
  return {
    files: read.map(({ exported, lines }) => workflow(exported, lines, settings)),
    obstacles: read.flatMap(({ exported, lines }) => [
      ...lines.obstacles,
      ...sameLines(exported, lines),
      ...runnerObstacles(exported, 'a runner of GitHub'),
    ]),
  };
}

/** GitHub tells a run the fields that started it and not their zone. */
function sameLines({ plan }: ExportedPlan, { lines }: ScheduleLines): Export['obstacles'] {
  const fields = lines.filter(({ isWider }) => isWider).map((line) => line.fields);
  const twice = fields.find((each) => lines.filter((line) => line.fields === each).length > 1);
  if (twice === undefined) return [];
  return [
    {
      plan,
      message: `'${twice}' stands in two time zones, and GitHub does not tell a run which of them started it`,
      hint: 'write the entries of the schedule in one time zone',
    },
  ];
}

function workflow(exported: ExportedPlan, schedule: ScheduleLines, settings: GitHubSettings): ExportFile {
  const { plan } = exported;
  const steps = gitHubSteps(exported, schedule.lines, settings);
  const at = ['jobs', 'run', 'steps'] as const;
  const limit = minutes(schedulerLimits(plan).wholeMs);
  const value = {
    name: `run-plan ${plan.name}`,
    on: {
      ...(schedule.lines.length > 0 && {
        schedule: schedule.lines.map(({ fields, zone }) => ({
          cron: fields,
          ...(zone !== 'UTC' && { timezone: zone }),
        })),
      }),
      workflow_dispatch: dispatch(exported),
    },
    permissions: {},
    concurrency: { group: `run-plan-${plan.name}`, 'cancel-in-progress': false },
    jobs: {
      run: {
        name: plan.name,
        'runs-on': settings.runner,
        ...(settings.image !== undefined && {
          container: { image: settings.image },
        }),
        'timeout-minutes': limit,
        permissions: {
          contents: 'read',
          ...(storesUsed(exported).needsRole && { 'id-token': 'write' }),
        },
        steps: steps.map(({ value: step }) => step),
      },
    },
  };
  const comments: readonly YamlComment[] = [
    ...schedule.lines.flatMap((line, index) =>
      lineRemarks(line, settings.now).map((text) => ({ path: ['on', 'schedule', index], text })),
    ),
    { path: ['concurrency'], text: 'One run at a time; another waits, and none is cancelled.' },
    ...(limit > hostedLimitMinutes
      ? [
          {
            path: ['jobs', 'run', 'timeout-minutes'],
            text: `Above ${String(hostedLimitMinutes)} only runners of your own keep it (--runner LABEL); GitHub's end after that.`,
          },
        ]
      : []),
    ...steps.flatMap(({ comment, release }, index): readonly YamlComment[] => [
      ...(comment === undefined ? [] : [{ path: [...at, index], text: comment }]),
      ...(release === undefined
        ? []
        : [{ path: [...at, index, 'uses'], text: release, beside: true as const }]),
    ]),
  ];
  return { path: `run-plan-${plan.name}.yaml`, text: renderYaml(value, head(exported, settings), comments) };
}

/** What a person who starts it by hand fills in. */
function dispatch({ plan, confirms }: ExportedPlan): object | null {
  const inputs = {
    ...Object.fromEntries(
      plan.parameters.map(({ name, description, default: standard }) => [
        name,
        {
          description: description ?? name,
          type: 'string',
          ...(standard === undefined ? { required: true } : { default: standard }),
        },
      ]),
    ),
    ...(confirms !== undefined && {
      'confirmed-environment': {
        description: `This writes to a protected environment: type its name, ${confirms}`,
        type: 'string',
        required: true,
      },
    }),
  };
  return Object.keys(inputs).length === 0 ? null : { inputs };
}

function head(exported: ExportedPlan, settings: GitHubSettings): readonly string[] {
  const { plan } = exported;
  const secrets = [
    ...secretVariables(exported),
    ...storedCredentials(exported).map(({ variable }) => variable),
  ];
  const variables = variablesUsed(exported);
  const { needsRole, region } = storesUsed(exported);
  return [
    `${generatedMark.slice(2)} github-actions ${settings.version}; export it again after a change of the plan.`,
    'Its place is .github/workflows on the default branch, beside the plans.',
    ...plan.schedule.map((entry) => `Runs ${renderScheduleEntry(entry, plan.timeZone)}.`),
    ...(plan.schedule.length === 0
      ? []
      : [
          'GitHub starts late when it is busy and may leave a run out, and it switches the schedules of a public repository off after 60 days without a commit: let something else watch (run-plan status --check).',
        ]),
    ...(secrets.length === 0 ? [] : [`Secrets to set: ${secrets.join(' ')}`]),
    ...(variables.length === 0
      ? []
      : [
          `Variables to set: ${variables.map(({ name, isRequired }) => (isRequired ? name : `${name} (optional)`)).join(' ')}`,
        ]),
    ...(needsRole && settings.awsRole === undefined
      ? [
          `Variable to set: AWS_ROLE_ARN, a role that trusts token.actions.githubusercontent.com for this repository${region === undefined ? '; and AWS_REGION' : ''}`,
        ]
      : []),
    ...hostNeeds(exported).map((need) => `Needs ${need}`),
    ...(settings.image === undefined ? [] : imageRemarks(exported)),
  ];
}

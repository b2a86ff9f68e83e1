import type { CronLine } from '../../language/schedule/cron-lines.ts';
import { actions } from './actions.ts';
import { credentialScript, secretVariables, storedCredentials } from './ci-secrets.ts';
import type { ExportedPlan } from './exported-plan.ts';
import type { GitHubSettings } from './github-actions.ts';
import { installScript } from './install-script.ts';
import { firingText } from './schedule-lines.ts';
import { shellWord, variableName } from './shell.ts';
import { storesUsed } from './stores-used.ts';
import { schedulerLimits, seconds } from './time-limits.ts';
import { variablesUsed } from './variables-used.ts';

interface GitHubStep {
  readonly value: object;
  readonly comment?: string;
  /** Of a pinned action: where Dependabot and people look for it. */
  readonly release?: string;
}

/** Where a run keeps its state on a runner; `runner.temp` is emptied after each. */
const stateFolder = '${{ runner.temp }}/run-plan';
/** AWS lends a role for 15 minutes at least and 12 hours at most. */
const roleSeconds = { least: 900, greatest: 43_200 };

/** The steps of a plan's workflow. */
export function gitHubSteps(
  exported: ExportedPlan,
  lines: readonly CronLine[],
  settings: GitHubSettings,
): readonly GitHubStep[] {
  return [
    pinned(actions.checkout, 'Check out the plans', { 'persist-credentials': false }),
    ...installing(exported, settings),
    ...assuming(exported, settings),
    ...laying(exported),
    running(exported, lines, settings),
    {
      value: {
        name: 'Tell the outcome',
        if: 'always()',
        env: { STATE_DIRECTORY: stateFolder },
        run: `{ echo '\`\`\`'; run-plan history ${exported.plan.name} --limit 1; echo '\`\`\`'; } >> "$GITHUB_STEP_SUMMARY" || true\n`,
      },
    },
    {
      ...pinned(
        actions.uploadArtifact,
        'Keep the evidence',
        {
          name: `run-plan-${exported.plan.name}-\${{ github.run_id }}-\${{ github.run_attempt }}`,
          path: ['runs', 'evidence', 'kept'].map((folder) => `${stateFolder}/${folder}\n`).join(''),
          'if-no-files-found': 'ignore',
        },
        { if: 'always()' },
      ),
    },
  ];
}

function pinned(
  { uses, release }: { readonly uses: string; readonly release: string },
  name: string,
  parameters: object,
  more: object = {},
): GitHubStep {
  return { value: { name, ...more, uses, with: parameters }, release };
}

/** In a container everything is there. */
function installing(exported: ExportedPlan, settings: GitHubSettings): readonly GitHubStep[] {
  if (settings.image !== undefined) return [];
  return [
    pinned(actions.setupNode, 'Set up Node', { 'node-version': 24, 'package-manager-cache': false }),
    {
      value: {
        name: 'Install run-plan and what it starts',
        shell: 'bash',
        run: installScript(exported, settings),
      },
      comment: [
        ...(settings.postgresMajor === undefined
          ? ['Every supported major of Postgres; --postgres-major installs only that of your server.']
          : []),
        `npm must find ${settings.package}; --package names another version, a tarball in this repository, or an address.`,
      ].join('\n'),
    },
  ];
}

function assuming(exported: ExportedPlan, settings: GitHubSettings): readonly GitHubStep[] {
  const { needsRole, region } = storesUsed(exported);
  if (!needsRole) return [];
  const wanted = seconds(schedulerLimits(exported.plan).wholeMs);
  const duration = Math.min(Math.max(wanted, roleSeconds.least), roleSeconds.greatest);
  const step = pinned(actions.awsCredentials, 'Assume the role in AWS', {
    'role-to-assume': settings.awsRole ?? '${{ vars.AWS_ROLE_ARN }}',
    'role-session-name': `run-plan-${exported.plan.name}`.slice(0, 64),
    'role-duration-seconds': duration,
    'aws-region': region ?? '${{ vars.AWS_REGION }}',
  });
  return [{ ...step, comment: `The role's maximum session duration must allow ${String(duration)} s.` }];
}

function laying(exported: ExportedPlan): readonly GitHubStep[] {
  const credentials = storedCredentials(exported);
  if (credentials.length === 0) return [];
  return [
    {
      value: {
        name: 'Lay the credentials',
        shell: 'bash',
        env: Object.fromEntries(credentials.map(({ variable }) => [variable, `\${{ secrets.${variable} }}`])),
        run: `set -euo pipefail\n${credentialScript(credentials, '$RUNNER_TEMP/credentials')}echo "CREDENTIALS_DIRECTORY=$RUNNER_TEMP/credentials" >> "$GITHUB_ENV"\n`,
      },
    },
  ];
}

function running(exported: ExportedPlan, lines: readonly CronLine[], settings: GitHubSettings): GitHubStep {
  const { plan, confirms } = exported;
  const wider = lines.filter(({ isWider }) => isWider);
  const environment = {
    STATE_DIRECTORY: stateFolder,
    ...Object.fromEntries(variablesUsed(exported).map(({ name }) => [name, `\${{ vars.${name} }}`])),
    ...Object.fromEntries(secretVariables(exported).map((name) => [name, `\${{ secrets.${name} }}`])),
    ...Object.fromEntries(
      plan.parameters.map(({ name }) => [variableName('SET_', name), `\${{ inputs.${name} }}`]),
    ),
    ...(confirms !== undefined && { CONFIRMED: '${{ inputs.confirmed-environment }}' }),
    ...(wider.length > 0 && { FIRED_BY: '${{ github.event.schedule }}' }),
  };
  const byHand = [
    ...plan.parameters.map(({ name }) => `  words+=(--set "${name}=$${variableName('SET_', name)}")\n`),
    ...(confirms === undefined ? [] : ['  words+=(--yes "$CONFIRMED")\n']),
  ];
  const script = [
    'set -euo pipefail\n',
    `words=(run ${plan.name}${settings.config === undefined ? '' : ` --config ${shellWord(settings.config)}`})\n`,
    ...(byHand.length === 0
      ? []
      : ['if [ "$GITHUB_EVENT_NAME" = workflow_dispatch ]; then\n', ...byHand, 'fi\n']),
    ...(wider.length === 0
      ? []
      : [
          'case "$FIRED_BY" in\n',
          ...wider.map((line) => `  '${line.fields}') words+=(--if-due '${firingText(line)}') ;;\n`),
          'esac\n',
        ]),
    'run-plan "${words[@]}"\n',
  ];
  return { value: { name: `Run ${plan.name}`, shell: 'bash', env: environment, run: script.join('') } };
}

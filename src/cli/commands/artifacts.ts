import { describePartial, partialWords } from '../../artifact/partial.ts';
import type { Artifact } from '../../artifact/artifact.ts';
import { listArtifacts } from '../../artifact/store.ts';
import type { Environment } from '../../language/environment/environment.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { resolveEnvironment } from '../../language/plan/workspace.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderTime, type Reading } from '../../base/quantity/moment.ts';
import { table, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import { print, printJson, type CommandHost } from '../../task/host.ts';
import { loadPlans, requireRepositories, withRepository, type Plans } from '../../task/plans.ts';

export interface ArtifactsOptions {
  readonly environment?: string | undefined;
  readonly database?: string | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

/** Lists the artifacts of one environment's repository or of every one, newest first, damaged ones included. */
export async function artifactsCommand(host: CommandHost, options: ArtifactsOptions): Promise<ExitCode> {
  const plans = await loadPlans(host, options.config);
  const found: Artifact[] = [];
  const environments = chosenEnvironments(plans, options.environment);
  requireRepositories(plans, environments);
  for (const environment of environments) {
    const artifacts = await withRepository(plans, environment, (repository) => listArtifacts(repository));
    // A repository may serve several environments: each lists its own.
    found.push(
      ...artifacts.filter((artifact) => (artifact.environment ?? environment.name) === environment.name),
    );
  }
  const listed = found.filter(
    ({ database }) => options.database === undefined || database === options.database,
  );
  if (options.json === true) printJson(host, listed.map(artifactAsData));
  else print(host, artifactsBlock(listed, { now: new Date(), timeZone: plans.settings.defaults.timeZone }));
  return exitCode.done;
}

function chosenEnvironments(plans: Plans, name: string | undefined): readonly Environment[] {
  if (name !== undefined) return [resolveEnvironment(plans.workspace, name)];
  const withRepositories = [...plans.workspace.environments.values()].filter(
    ({ repository }) => repository !== undefined,
  );
  // An environment of another host's may lack its variables here: only those that plans use must be complete.
  const used = new Set([...plans.workspace.plans.values()].map(({ environment }) => environment));
  return withRepositories
    .filter((environment) => used.has(environment.name))
    .map((environment) => resolveEnvironment(plans.workspace, environment.name));
}

/** An artifact for `--json`. */
export function artifactAsData(artifact: Artifact): Record<string, unknown> {
  return {
    name: artifact.name,
    environment: artifact.environment ?? null,
    database: artifact.database,
    state: artifact.state,
    reason: 'reason' in artifact ? artifact.reason : null,
    partial: artifact.facts?.partial === undefined ? null : describePartial(artifact.facts.partial),
    createdAt: artifact.createdAt.toISOString(),
    recoveryPoint: artifact.facts?.recoveryPoint ?? null,
    bytes: artifact.bytes,
    verifiedAt: artifact.state === 'verified' ? artifact.verification.verifiedAt : null,
    drilledAt: artifact.drilledAt?.toISOString() ?? null,
  };
}

function artifactsBlock(artifacts: readonly Artifact[], { now, timeZone }: Reading): Block {
  if (artifacts.length === 0) return 'no artifacts';
  const columns = [
    { title: 'ARTIFACT' },
    { title: 'ENVIRONMENT' },
    { title: 'AGE', align: 'right' },
    { title: 'MADE', optional: true },
    { title: 'SIZE', align: 'right' },
    { title: 'DRILLED', align: 'right' },
    { title: 'DRILLED AT', optional: true },
    { title: 'STATE' },
  ] as const;
  const age = (at: Date): string => renderDuration(Math.max(0, now.getTime() - at.getTime()));
  return table(
    columns,
    artifacts.map((artifact) => [
      artifact.name,
      artifact.environment ?? '?',
      age(artifact.createdAt),
      renderTime(artifact.createdAt, timeZone),
      renderBytes(artifact.bytes),
      artifact.drilledAt === undefined ? '-' : age(artifact.drilledAt),
      artifact.drilledAt === undefined ? '-' : renderTime(artifact.drilledAt, timeZone),
      [
        status(artifact.state),
        'reason' in artifact ? `: ${artifact.reason}` : '',
        ...[partialWords(artifact) ?? []].flat().map((words) => `, ${words}`),
      ],
    ]),
  );
}

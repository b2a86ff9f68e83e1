import { defaults } from '../src/language/generated/drill-require.defaults.ts';
import { newestFirst, type Artifact } from '../src/artifact/artifact.ts';
import { partialKind } from '../src/artifact/partial.ts';
import { findArtifact, parseChoice, passedOver } from '../src/artifact/choice.ts';
import { listArtifacts } from '../src/artifact/store.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { parseDuration, renderDuration, renderPlanDuration } from '../src/base/quantity/duration.ts';
import type { DrillRequireParameters } from '../src/language/generated/drill-require.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/drill-require.schema.json' with { type: 'json' };

const task: Task<DrillRequireParameters> = {
  name: 'drill-require',
  description: 'Refuses to go on with an artifact that no drill has restored with success',
  needs: [],
  writes: [],
  others: [{ parameter: 'from', needs: 'repository' }],
  role: 'other',
  outputs: ['artifact'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: DrillRequireParameters, environment: Environment): readonly string[] {
  const artifact = `${parameters.artifact ?? defaults.artifact} of ${parameters.from ?? environment.name}`;
  const maxAge = parameters['max-age'];
  const or = maxAge === undefined ? '' : `, or any of its database within ${maxAge}`;
  return [`refuse unless a drill of ${artifact} succeeded${or}`];
}

/** An artifact that a drill has restored with success. */
type DrilledArtifact = Artifact & Required<Pick<Artifact, 'drill' | 'drilledAt'>>;

async function run(context: TaskContext, parameters: DrillRequireParameters): Promise<TaskResult> {
  const { from } = parameters;
  const choice = parseChoice(parameters.artifact ?? defaults.artifact);
  const repository = await context.repository(from);
  context.report.phase('looking for drills');
  const artifacts = await listArtifacts(repository, { signal: context.signal });
  const artifact = findArtifact(artifacts, choice, scopeOf(context, from));
  const newer = passedOver(artifact, artifacts, choice);
  if (newer !== undefined) context.report.note(newer);
  if (artifact.state === 'damaged') {
    throw new Failure('artifact-damaged', `${artifact.name} is damaged: ${artifact.reason}`);
  }
  const maxAgeMs = parseDuration(parameters['max-age'] ?? '');
  const drills = drillsOf(artifact, artifacts);
  const counting = drills.find(
    (drilled) =>
      drilled.name === artifact.name || (maxAgeMs !== undefined && ageOf(context, drilled) <= maxAgeMs),
  );
  if (counting === undefined) throw drillMissing(context, artifact, drills[0], maxAgeMs);
  const words = describeDrill(context, counting);
  context.report.note(words);
  const check: CheckFact = { name: nameCheck(artifact), state: 'passed', found: words };
  return {
    outputs: { artifact: artifact.name },
    facts: { artifact: artifact.name, drill: counting.drill, checks: [check] },
  };
}

/** The configured database: what a step of this run has restored is not what the artifact was made of. */
function scopeOf(
  context: TaskContext,
  from: string | undefined,
): { readonly environment: string; readonly database?: string } {
  const { name, postgres } = context.environmentNamed(from ?? context.environment.name);
  return { environment: name, ...(postgres !== undefined && { database: postgres.database }) };
}

/** Every drilled artifact of the same environment and database: the artifact itself first, then by the drill's time. */
function drillsOf(artifact: Artifact, artifacts: readonly Artifact[]): DrilledArtifact[] {
  const isItself = ({ name }: Artifact): number => (name === artifact.name ? 1 : 0);
  return (
    artifacts
      .filter(isDrilled)
      .filter(
        ({ environment, database }) => environment === artifact.environment && database === artifact.database,
      )
      // A drill of a part proves nothing about whole ones.
      .filter((each) => partialKind(each) === partialKind(artifact))
      .sort(
        (left, right) =>
          isItself(right) - isItself(left) ||
          right.drilledAt.getTime() - left.drilledAt.getTime() ||
          newestFirst(left, right),
      )
  );
}

function isDrilled(artifact: Artifact): artifact is DrilledArtifact {
  return artifact.drill !== undefined && artifact.drilledAt !== undefined;
}

function ageOf({ clock }: TaskContext, { drilledAt }: DrilledArtifact): number {
  return clock.now().getTime() - drilledAt.getTime();
}

function describeDrill(context: TaskContext, drilled: DrilledArtifact): string {
  const { drill, drilledAt, name } = drilled;
  return (
    `${name} was drilled ${renderDuration(ageOf(context, drilled))} ago, on ${drilledAt.toISOString()}, ` +
    `by ${drill.runId}, and took ${renderDuration(drill.recoveryMs)} to recover`
  );
}

function nameCheck({ name }: Artifact): string {
  return `a drill of ${name} succeeded`;
}

function drillMissing(
  context: TaskContext,
  artifact: Artifact,
  last: DrilledArtifact | undefined,
  maxAgeMs: number | undefined,
): Failure {
  const wanted =
    maxAgeMs === undefined
      ? `no drill has restored ${artifact.name} with success`
      : `no drill has restored ${artifact.name}, or any other artifact of ${artifact.database} within ${renderPlanDuration(maxAgeMs)}, with success`;
  const found =
    last === undefined
      ? `no artifact of ${artifact.database} was ever drilled`
      : `the last: ${describeDrill(context, last)}`;
  const check: CheckFact = { name: nameCheck(artifact), state: 'failed', found };
  const plan = last?.drill.plan ?? 'DRILL-PLAN';
  return new Failure('drill-missing', `${wanted}; ${found}`, {
    hint: `Drill it first: run-plan ${plan} --set artifact=${artifact.name}`,
    facts: { artifact: artifact.name, checks: [check] },
  });
}

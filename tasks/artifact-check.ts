import { defaults } from '../src/language/generated/artifact-check.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { newestFirst, type Artifact } from '../src/artifact/artifact.ts';
import { isPartial } from '../src/artifact/partial.ts';
import { judgeFreshness, type Freshness } from '../src/artifact/freshness.ts';
import { listArtifacts } from '../src/artifact/store.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { parseDuration, renderDuration, renderPlanDuration } from '../src/base/quantity/duration.ts';
import type { ArtifactCheckParameters } from '../src/language/generated/artifact-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import { Failure, type Task, type TaskContext, type TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import { judgeSize, type SizeJudgement } from '../src/check/watch/size-history.ts';
import parametersSchema from '../schemas/tasks/artifact-check.schema.json' with { type: 'json' };

const task: Task<ArtifactCheckParameters> = {
  name: 'artifact-check',
  description:
    'Holds the newest verified artifact of each database against the RPO and its size against the former ones',
  needs: ['repository'],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: ArtifactCheckParameters, environment: Environment): readonly string[] {
  const age = parameters['max-age'] ?? 'the RPO of the plans that dump it';
  return [
    `list the repository of ${environment.name}: the newest verified artifact of each database is not older than ${age}`,
    'its size is like that of those before it',
  ];
}

async function run(context: TaskContext, parameters: ArtifactCheckParameters): Promise<TaskResult> {
  const { environment, report, signal } = context;
  const repository = await context.repository();
  report.phase('listing artifacts');
  const [now, all] = await Promise.all([repository.clock(signal), listArtifacts(repository, { signal })]);
  const rpoMs = maxAgeOf(context, parameters);
  const expected = expectedDatabases(context, parameters).map((database) => ({
    environment: environment.name,
    database,
  }));
  const judged = judgeFreshness(all, { now, expected, ...defined({ rpoMs }) }).filter(
    (each) => each.environment === environment.name && isAsked(each.database, parameters),
  );
  if (judged.length === 0) {
    throw new Failure('check-failed', `there is no database of ${environment.name} to look for`, {
      hint: "give the environment a postgres, or name the databases: 'databases: [cleaning]'",
    });
  }
  if (rpoMs === undefined)
    report.warn(
      `no plan that dumps ${environment.name} has an RPO, so no age is held against it; say max-age`,
    );
  const found = judged.map((freshness) => look(context, parameters, freshness, all, rpoMs));
  const checks = found.flatMap((each) => each.checks);
  const facts = { databases: found.map(({ database }) => database) };
  const failure = checkFailure(
    `the artifacts of ${environment.name}`,
    checks,
    'run-plan history shows what the plans that make them have done; run-plan artifacts lists what there is',
    { facts },
  );
  if (failure !== undefined) throw failure;
  return { facts: { ...facts, checks } };
}

/** `max-age`, otherwise the strictest RPO of the plans that make artifacts of the environment, milliseconds. */
function maxAgeOf(
  { environment, declared }: TaskContext,
  { 'max-age': maxAge }: ArtifactCheckParameters,
): number | undefined {
  if (maxAge !== undefined) return parseDuration(maxAge);
  const objectives = declared.plans
    .filter(({ dumps }) => dumps.includes(environment.name))
    .flatMap(({ plan }) => plan.objectives.rpoMs ?? []);
  return objectives.length === 0 ? undefined : Math.min(...objectives);
}

function expectedDatabases(
  { environment }: TaskContext,
  { databases }: ArtifactCheckParameters,
): readonly string[] {
  return databases ?? (environment.postgres === undefined ? [] : [environment.postgres.database]);
}

/** Without names every database that the repository holds is looked at as well. */
function isAsked(database: string, { databases }: ArtifactCheckParameters): boolean {
  return databases === undefined || databases.includes(database);
}

/** What was found of one database: for the record, and for whoever reads the warnings. */
function look(
  { report }: TaskContext,
  parameters: ArtifactCheckParameters,
  freshness: Freshness,
  all: readonly Artifact[],
  rpoMs: number | undefined,
): { readonly checks: readonly CheckFact[]; readonly database: Readonly<Record<string, unknown>> } {
  const { database, newest } = freshness;
  for (const { name, reason } of freshness.newer) report.warn(`${name} does not count: ${reason}`);
  const size = sizeOf(freshness, all, parameters);
  if (size?.isUsual === false && changeOf(parameters) !== 'fail')
    report.warn(`the newest artifact of ${database} has another size than usual: ${size.found}`);
  return {
    checks: [ageCheck(freshness, rpoMs), ...sizeChecks(database, size, parameters)],
    database: {
      database,
      state: freshness.state,
      newest: newest?.name ?? null,
      recoveryPoint: newest?.recoveryPoint.toISOString() ?? null,
      ageMs: newest?.ageMs ?? null,
      rpoMs: rpoMs ?? null,
      bytes: newest?.bytes ?? null,
      usualBytes: size?.usualBytes ?? null,
      verified: freshness.verified,
    },
  };
}

function ageCheck({ database, state, newest }: Freshness, rpoMs: number | undefined): CheckFact {
  return {
    name: `age of ${database}`,
    state: state === 'fresh' ? 'passed' : 'failed',
    expected: `a verified artifact${rpoMs === undefined ? '' : ` not older than ${renderPlanDuration(rpoMs)}`}`,
    found: newest === undefined ? 'none' : `${newest.name}, ${renderDuration(newest.ageMs)} old`,
  };
}

function sizeOf(
  { environment, database, newest }: Freshness,
  all: readonly Artifact[],
  parameters: ArtifactCheckParameters,
): SizeJudgement | undefined {
  if (newest === undefined || changeOf(parameters) === 'ignore') return undefined;
  const verified = all
    .filter(
      (each) =>
        each.state === 'verified' &&
        !isPartial(each) &&
        each.environment === environment &&
        each.database === database,
    )
    .sort(newestFirst);
  const at = verified.findIndex(({ name }) => name === newest.name);
  const former = verified.slice(at + 1, at + 1 + (parameters.history ?? defaults.history));
  return judgeSize(
    newest.bytes,
    former.map(({ bytes }) => bytes),
    {
      smallest: parameters['smallest-share'] ?? defaults['smallest-share'],
      largest: parameters['largest-share'] ?? defaults['largest-share'],
    },
  );
}

function changeOf(parameters: ArtifactCheckParameters): NonNullable<ArtifactCheckParameters['size-change']> {
  return parameters['size-change'] ?? defaults['size-change'];
}

/** An unusual size is a failed check only where that was asked for; otherwise it was warned of. */
function sizeChecks(
  database: string,
  size: SizeJudgement | undefined,
  parameters: ArtifactCheckParameters,
): readonly CheckFact[] {
  if (size === undefined) return [];
  const fails = !size.isUsual && changeOf(parameters) === 'fail';
  return [
    {
      name: `size of ${database}`,
      state: fails ? 'failed' : 'passed',
      expected: 'a size like those before',
      found: size.found,
      ...(!size.isUsual && !fails && { message: 'unusual: warned of' }),
    },
  ];
}

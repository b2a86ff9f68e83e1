import { defaults } from '../src/language/generated/index-check.defaults.ts';
import type { IndexCheckParameters } from '../src/language/generated/index-check.types.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import type { CheckFact } from '../src/language/facts.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect } from '../src/postgres/connect.ts';
import { endBackends } from '../src/postgres/end-backends.ts';
import { checkIndexes, type CheckedIndex } from '../src/postgres/index-check.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/index-check.schema.json' with { type: 'json' };

const task: Task<IndexCheckParameters> = {
  name: 'index-check',
  description: 'Holds every B-tree index against the order that its values have on this server (amcheck)',
  needs: ['postgres'],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: IndexCheckParameters, environment: Environment): readonly string[] {
  const database = environment.postgres?.database ?? 'what was restored';
  const rows = wantsRows(parameters) ? ', and every row against its indexes' : '';
  return [`check the B-tree indexes of ${database} by amcheck${rows}; a note where amcheck is not installed`];
}

function wantsRows(parameters: IndexCheckParameters): boolean {
  return parameters['heap-all-indexed'] ?? defaults['heap-all-indexed'];
}

async function run(context: TaskContext, parameters: IndexCheckParameters): Promise<TaskResult> {
  const { environment, report, secrets, signal, restored } = context;
  const endpoint = environment.postgres;
  if (endpoint === undefined)
    throw new Failure('environment-incomplete', `The environment ${environment.name} has no postgres`, {
      hint: 'Put the step after one that restores.',
    });
  let isOver = false;
  context.onEnd('end the session on the server', async () => {
    if (!isOver) await endBackends(endpoint, { secrets, runId: context.run.id });
  });
  report.phase(`connecting to ${endpoint.database}`);
  await using session = await connect(endpoint, {
    secrets,
    applicationName: applicationName(context.run.id),
    signal,
  });
  const checked = await checkIndexes(session, {
    heapAllIndexed: wantsRows(parameters),
    mayInstall: restored !== undefined,
    onProgress: (done, of) => {
      report.phase(`index ${done + 1} of ${of}`);
    },
  });
  isOver = true;
  if (typeof checked === 'string') {
    report.note(`No index was checked: ${checked}.`);
    return {};
  }
  const facts = factsOf(checked);
  const failure = checkFailure(`the indexes of ${endpoint.database}`, facts, hint);
  if (failure !== undefined) throw failure;
  return { facts: { checks: facts } };
}

const hint =
  "'reindex index concurrently' builds each anew; look for why first: a failing disk, or a system library that sorts otherwise since.";

/** One line for all that are sound, and one for each that is not. */
function factsOf(checked: readonly CheckedIndex[]): CheckFact[] {
  const damaged = checked.filter(({ damage }) => damage !== undefined);
  return [
    { name: `${checked.length - damaged.length} B-tree indexes are sound`, state: 'passed' },
    ...damaged.map(({ index, table, damage = '' }): CheckFact => {
      return { name: `${index} of ${table}`, state: 'failed', message: damage };
    }),
  ];
}

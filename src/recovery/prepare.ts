import { buildPipeline } from '../run/build-pipeline.ts';
import type { Pipeline } from '../run/pipeline.ts';
import { Failure } from '../base/failure.ts';
import type { RestoreRequest } from '../restore/restore-request.ts';
import type { RegisteredTask } from '../task/registry.ts';
import type { CommandHost } from '../task/host.ts';
import type { Plans } from '../task/plans.ts';
import { stateFolderOf } from '../task/state.ts';
import { findPastRestore } from './estimate.ts';
import { inFlags, parametersOf, requestOfWish } from './wish.ts';
import type { RestoreWish } from './wish-options.ts';
import type { Outlook } from './outlook.ts';
import { restorePlan, restoreTasks } from './restore-plan.ts';
import type { Settled } from './settle.ts';
import { parseUnfinished } from '../restore/unfinished-restore.ts';
import { checkTarget, isSourceServer, type PreflightQuestion } from '../restore/preflight.ts';

/** A restore that could begin. */
export interface PreparedRestore {
  /** Every choice that was made, as if it had been said. */
  readonly wish: RestoreWish;
  readonly outlook: Outlook;
  readonly pipeline: Pipeline;
  /** Why it must not. */
  readonly refusal: Failure | undefined;
}

/** Makes the plan and its pipeline, and looks ahead. Writes nothing. @throws Failure `usage` */
export async function prepareRestore(
  host: CommandHost,
  plans: Plans,
  said: RestoreWish,
  settled: Settled,
): Promise<PreparedRestore> {
  const { source, to } = settled;
  const from = source.kind === 'artifact' ? source.from : undefined;
  const wish = inFull(said, settled);
  const request = requestOfWish(wish, host.environmentVariables);
  const { refusal, ...ahead } = lookAhead(settled, request);
  const plan = restorePlan({
    parameters: parametersOf(wish),
    to,
    compares: comparesAfter(settled, request, wish),
    part: request.partial,
  });
  const environments = new Map([to, ...(from === undefined ? [] : [from])].map((each) => [each.name, each]));
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  return {
    wish,
    outlook: { ...settled, request, ...ahead, past: await findPastRestore(stateFolder, to.name) },
    pipeline: buildPipeline(plan, { tasks: await findTasks(plans), environments, assignments: {} }),
    refusal,
  };
}

function inFull(said: RestoreWish, settled: Settled): RestoreWish {
  const { source, to, database } = settled;
  const mayBeSame = said.sameServer === true || isChosenSameServer(settled);
  return {
    ...said,
    from: source.kind === 'artifact' ? source.from.name : undefined,
    artifact: source.name,
    to: to.name,
    database,
    sameServer: mayBeSame ? true : undefined,
  };
}

/** Whoever names the environment that the artifact is of means its server; any other way there must be said. */
function isChosenSameServer(settled: Settled): boolean {
  const { source, to, choseTarget } = settled;
  const isSameEnvironment = source.kind === 'artifact' && source.from.name === to.name;
  return choseTarget && isSameEnvironment && goesToSourceServer(settled);
}

/** Rows that were there before, or that were left out on purpose, would only look like differences. */
function comparesAfter({ source, target }: Settled, request: RestoreRequest, wish: RestoreWish): boolean {
  if (!wish.compare || source.kind === 'file') return false;
  if (request.selection.contents !== 'all') return false;
  const isAlone = target?.existing === undefined || target.existing.tables.length === 0 || request.resume;
  return request.partial === undefined || isAlone;
}

/** The workspace has imported only what its plans use. */
async function findTasks(plans: Plans): Promise<ReadonlyMap<string, RegisteredTask>> {
  const found = await Promise.all(
    restoreTasks.map(async (name) => {
      const { registered, problem } = await plans.registry.find(name);
      if (registered !== undefined) return [name, registered] as const;
      throw new Failure('plan-invalid', problem.message, { where: problem.file });
    }),
  );
  return new Map<string, RegisteredTask>(found);
}

/** What the preflight tells before anything is written. */
interface LookAhead {
  readonly isSourceServer: boolean;
  readonly notes: readonly string[];
  /** Why it may not be done. */
  readonly refusal: Failure | undefined;
}

/** Whether a restore goes into the server that its artifact was dumped from. Unknown of a file and a throw-away cluster. */
function goesToSourceServer({ source, target }: Settled): boolean {
  if (target === undefined || source.kind === 'file') return false;
  return isSourceServer({ target, manifest: source.facts, source: source.from.postgres });
}

/** Asks the preflight of postgres-restore, in the words of the command line. */
function lookAhead(settled: Settled, request: RestoreRequest): LookAhead {
  const { source, target } = settled;
  const isSource = goesToSourceServer(settled);
  if (target === undefined) return { isSourceServer: isSource, notes: [], refusal: undefined };
  const question: PreflightQuestion = {
    target,
    manifest: source.kind === 'artifact' ? source.facts : undefined,
    name: source.name,
    permissions: request.resume ? { ...request.permissions, replace: true } : request.permissions,
    isSchemaOnly: request.selection.contents === 'schema-only',
    source: source.kind === 'artifact' ? source.from.postgres : undefined,
  };
  try {
    return { isSourceServer: isSource, notes: checkTarget(question), refusal: undefined };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { isSourceServer: isSource, notes: [], refusal: refusalOf(error, settled, request) };
  }
}

function refusalOf(failure: Failure, { target, to }: Settled, request: RestoreRequest): Failure {
  const unfinished = parseUnfinished(target?.existing?.comment ?? null);
  if (failure.code !== 'target-refused' || unfinished === undefined || request.resume)
    return inFlags(failure);
  return new Failure(failure.code, `${failure.message}: an unfinished restore of ${unfinished.artifact}`, {
    hint: `go on with it: --to ${to.name} --database ${target?.endpoint.database ?? ''} --resume; or restore into a new database`,
  });
}

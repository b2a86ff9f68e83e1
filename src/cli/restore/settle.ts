import type { Environment } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import type { RestoreTarget } from '../../postgres/restore-target.ts';
import { isPath } from '../../restore/restore-request.ts';
import type { CommandHost } from '../../task/host.ts';
import type { Plans } from '../../task/plans.ts';
import { checkName, restoredName } from './database-name.ts';
import { findSource, findTarget, namesOf, sourcesOf, targetsOf } from './environment-choice.ts';
import type { RestoreFlags } from './flags.ts';
import { isTargetSaid } from './missing-flags.ts';
import type { Questions } from './questions.ts';
import { settleUnfinished } from './settle-unfinished.ts';
import { artifactsOf, chooseArtifact, chooseFile, type ChosenSource } from './source-choice.ts';
import { endpointOf, lookAtTarget } from './target-look.ts';

/** What is restored and where to, every choice made. */
export interface Settled {
  readonly source: ChosenSource;
  readonly to: Environment;
  /** Whoever asks for it has named the target. */
  readonly choseTarget: boolean;
  /** Undefined: a throw-away cluster gives it the name that it had. */
  readonly database: string | undefined;
  /** Undefined for a throw-away cluster, which is not there yet. */
  readonly target: RestoreTarget | undefined;
}

/** What the choices are made with. */
export interface Settling {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly flags: RestoreFlags;
  /** Absent where nobody can be asked. */
  readonly questions: Questions | undefined;
}

/**
 * Makes every choice: by flag, otherwise by asking, otherwise the default. With `--yes` only what has no default is
 * asked for.
 * @throws Failure `usage`, `environment-incomplete`, `artifact-*`, `interrupted`, and what repository and server say
 */
export async function settle(settling: Settling): Promise<Settled> {
  const { flags, host } = settling;
  const isFile = flags.artifact !== undefined && isPath(flags.artifact);
  if (isFile && flags.from !== undefined) {
    throw new Failure('usage', '--from names a repository, and --artifact is a path on this host', {
      hint: 'leave one of them away',
    });
  }
  const from = isFile ? undefined : await settleFrom(settling);
  if (flags.resume === true) {
    const { to, choseTarget } = await settleTarget(settling, from);
    return { to, choseTarget, ...(await settleUnfinished(settling, from, to)) };
  }
  const source =
    from === undefined
      ? await chooseFile(flags.artifact ?? '', host.workingFolder)
      : await settleArtifact(settling, from);
  const { to, choseTarget } = await settleTarget(settling, from);
  return { source, to, choseTarget, ...(await settleDatabase(settling, source, to)) };
}

async function settleFrom({ plans, flags, questions }: Settling): Promise<Environment> {
  if (flags.from !== undefined) return findSource(plans, flags.from);
  const sources = sourcesOf(plans);
  const [first] = sources;
  if (first === undefined) {
    throw new Failure('environment-incomplete', 'no environment here has a repository to restore from', {
      hint: 'give one a repository in plans/environments.yaml, or name a dump on this host: --artifact ./x.dump',
    });
  }
  if (sources.length === 1) return findSource(plans, first.name);
  if (questions === undefined) throw unsaid('--from', sources);
  return findSource(plans, await questions.source(sources));
}

async function settleArtifact(
  { plans, flags, questions }: Settling,
  from: Environment,
): Promise<ChosenSource> {
  const mustAsk = questions !== undefined && flags.artifact === undefined && flags.yes === undefined;
  if (mustAsk) await questions.tell(`reading the artifacts of ${from.name}`);
  const artifacts = await artifactsOf(plans, from);
  if (!mustAsk || artifacts.length === 0) return chooseArtifact(flags.artifact ?? 'latest', artifacts, from);
  return chooseArtifact(await questions.artifact(artifacts, from), artifacts, from);
}

async function settleTarget(
  { plans, flags, questions }: Settling,
  from: Environment | undefined,
): Promise<Pick<Settled, 'to' | 'choseTarget'>> {
  if (flags.to !== undefined) return { to: findTarget(plans, flags.to), choseTarget: true };
  const targets = targetsOf(plans);
  const isSaid = isTargetSaid({ ...flags, dryRun: undefined }, from?.name);
  if (questions !== undefined && !isSaid && targets.length > 0) {
    return { to: findTarget(plans, await questions.target(targets, from?.name)), choseTarget: true };
  }
  if (from === undefined) throw unsaid('--to', targets);
  return { to: findTarget(plans, from.name), choseTarget: flags.yes === from.name };
}

async function settleDatabase(
  settling: Settling,
  source: ChosenSource,
  to: Environment,
): Promise<Pick<Settled, 'database' | 'target'>> {
  const { plans, flags, questions } = settling;
  const given = flags.database === undefined ? undefined : checkName(flags.database);
  if (to.ephemeral === true) return { database: given, target: undefined };
  const endpoint = endpointOf(to);
  const look = async (database: string): Promise<{ database: string; target: RestoreTarget }> => ({
    database,
    target: await lookAtTarget(plans, endpoint, database),
  });
  if (given !== undefined) return look(given);
  const wantsExisting = flags.replace === true || flags.dataOnly === true;
  const mustAsk = questions !== undefined && (flags.yes === undefined || wantsExisting);
  if (wantsExisting && !mustAsk) {
    const flag = flags.replace === true ? '--replace' : '--data-only';
    throw new Failure('usage', `${flag} needs --database: it writes to a database that is there`);
  }
  const fresh = restoredName(
    source.kind === 'artifact' ? source.artifact.database : endpoint.database,
    new Date(),
  );
  if (!mustAsk) return look(fresh);
  for (let suggested = wantsExisting ? '' : fresh; ; suggested = fresh) {
    const found = await look(await questions.database(suggested));
    const tables = found.target.existing?.tables ?? [];
    if (tables.length === 0 || wantsExisting) return found;
    await questions.refuse(
      `${found.database} is there and holds tables (${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ' and more' : ''}). Name a new one; to replace it, start again with --replace.`,
    );
  }
}

function unsaid(flag: string, environments: readonly Environment[]): Failure {
  return new Failure('usage', `${flag} is missing`, { hint: `one of ${namesOf(environments)}` });
}

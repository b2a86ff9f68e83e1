import { defaults } from '../language/generated/postgres-restore.defaults.ts';
import type { DeclaredEnvironment, Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import { isPath } from '../restore/restore-request.ts';
import type { CommandHost } from '../task/host.ts';
import type { Plans } from '../task/plans.ts';
import { checkName, restoredName } from './database-name.ts';
import { findSource, findTarget, namesOf, sourcesOf, targetsOf } from './environment-choice.ts';
import type { RestoreWish } from './wish-options.ts';
import { isTargetSaid } from './missing-flags.ts';
import type { Artifact } from '../artifact/artifact.ts';
import { artifactsOf, chooseArtifact, chooseFile, type ChosenSource } from './source-choice.ts';
import { endpointOf, findUnfinished, lookAtTarget, type Unfinished } from './target-look.ts';

/** What a person at a terminal is asked. Each throws Failure `interrupted` on Ctrl-C or Escape. */
export interface Questions {
  source(environments: readonly DeclaredEnvironment[]): Promise<string>;
  /** Gives the artifact's name. */
  artifact(artifacts: readonly Artifact[], from: Environment): Promise<string>;
  target(environments: readonly DeclaredEnvironment[], from: string | undefined): Promise<string>;
  database(suggested: string): Promise<string>;
  /** Which of several to go on with. */
  unfinished(found: readonly Unfinished[]): Promise<string>;
  /** What takes a while. */
  tell(text: string): Promise<void>;
  /** Why the question comes again. */
  refuse(reason: string): Promise<void>;
}

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
  readonly wish: RestoreWish;
  /** Absent where nobody can be asked. */
  readonly questions: Questions | undefined;
}

/**
 * Makes every choice: by flag, otherwise by asking, otherwise the default. With `--yes` only what has no default is
 * asked for.
 * @throws Failure `usage`, `environment-incomplete`, `artifact-*`, `interrupted`, and what repository and server say
 */
export async function settle(settling: Settling): Promise<Settled> {
  const { wish, host } = settling;
  const isFile = wish.artifact !== undefined && isPath(wish.artifact);
  if (isFile && wish.from !== undefined) {
    throw new Failure('usage', '--from names a repository, and --artifact is a path on this host', {
      hint: 'leave one of them away',
    });
  }
  const from = isFile ? undefined : await settleFrom(settling);
  if (wish.resume === true) {
    const { to, choseTarget } = await settleTarget(settling, from);
    return { to, choseTarget, ...(await settleUnfinished(settling, from, to)) };
  }
  const source =
    from === undefined
      ? await chooseFile(wish.artifact ?? '', host.workingFolder)
      : await settleArtifact(settling, from);
  const { to, choseTarget } = await settleTarget(settling, from);
  return { source, to, choseTarget, ...(await settleDatabase(settling, source, to)) };
}

async function settleFrom({ plans, wish, questions }: Settling): Promise<Environment> {
  if (wish.from !== undefined) return findSource(plans, wish.from);
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
  { plans, wish, questions }: Settling,
  from: Environment,
): Promise<ChosenSource> {
  const mustAsk = questions !== undefined && wish.artifact === undefined && wish.yes === undefined;
  if (mustAsk) await questions.tell(`reading the artifacts of ${from.name}`);
  const artifacts = await artifactsOf(plans, from);
  if (!mustAsk || artifacts.length === 0)
    return chooseArtifact(wish.artifact ?? defaults.artifact, artifacts, from);
  return chooseArtifact(await questions.artifact(artifacts, from), artifacts, from);
}

async function settleTarget(
  { plans, wish, questions }: Settling,
  from: Environment | undefined,
): Promise<Pick<Settled, 'to' | 'choseTarget'>> {
  if (wish.to !== undefined) return { to: findTarget(plans, wish.to), choseTarget: true };
  const targets = targetsOf(plans);
  const isSaid = isTargetSaid({ ...wish, dryRun: undefined }, from?.name);
  if (questions !== undefined && !isSaid && targets.length > 0) {
    return { to: findTarget(plans, await questions.target(targets, from?.name)), choseTarget: true };
  }
  if (from === undefined) throw unsaid('--to', targets);
  return { to: findTarget(plans, from.name), choseTarget: wish.yes === from.name };
}

async function settleDatabase(
  settling: Settling,
  source: ChosenSource,
  to: Environment,
): Promise<Pick<Settled, 'database' | 'target'>> {
  const { plans, wish, questions } = settling;
  const given = wish.database === undefined ? undefined : checkName(wish.database);
  if (to.ephemeral === true) return { database: given, target: undefined };
  const endpoint = endpointOf(to);
  const look = async (database: string): Promise<{ database: string; target: RestoreTarget }> => ({
    database,
    target: await lookAtTarget(plans, endpoint, database),
  });
  if (given !== undefined) return look(given);
  const wantsExisting = wish.replace === true || wish.dataOnly === true;
  const mustAsk = questions !== undefined && (wish.yes === undefined || wantsExisting);
  if (wantsExisting && !mustAsk) {
    const flag = wish.replace === true ? '--replace' : '--data-only';
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

function unsaid(flag: string, environments: readonly DeclaredEnvironment[]): Failure {
  return new Failure('usage', `${flag} is missing`, { hint: `one of ${namesOf(environments)}` });
}

/**
 * What `--resume` goes on with: the database that was named, or the only unfinished one of the server, and the artifact
 * that it was being made from, whatever came after it.
 * @throws Failure `usage`, `target-refused`, and what repository and server say
 */
async function settleUnfinished(
  settling: Settling,
  from: Environment | undefined,
  to: Environment,
): Promise<Pick<Settled, 'source' | 'database' | 'target'>> {
  const { plans, wish } = settling;
  if (from === undefined) {
    throw new Failure('usage', '--resume goes on with artifacts, and --artifact is a path on this host', {
      hint: 'restore it again, into a new database',
    });
  }
  if (to.ephemeral === true) {
    throw new Failure('usage', `there is nothing to resume in ${to.name}: its cluster ended with its run`);
  }
  const endpoint = endpointOf(to);
  const found = await findUnfinished(plans, endpoint);
  const { database, unfinished } = await choose(settling, to, found);
  const artifacts = await artifactsOf(plans, from);
  const source = chooseArtifact(wish.artifact ?? unfinished.artifact, artifacts, from);
  return { source, database, target: await lookAtTarget(plans, endpoint, database) };
}

async function choose(
  { wish, questions }: Settling,
  to: Environment,
  found: readonly Unfinished[],
): Promise<Unfinished> {
  const { database } = wish;
  const wanted = found.filter((each) => database === undefined || each.database === database);
  const [first, ...others] = wanted;
  if (first === undefined) {
    const what = database === undefined ? 'no unfinished restore' : `no unfinished restore named ${database}`;
    throw new Failure('target-refused', `${to.name} has ${what}: nothing to resume`, {
      hint:
        found.length === 0
          ? 'leave --resume away to begin a new one'
          : `unfinished there: ${found.map((each) => each.database).join(', ')}`,
    });
  }
  if (others.length === 0) return first;
  if (questions === undefined) {
    throw new Failure('usage', `${to.name} has several unfinished restores: --database is missing`, {
      hint: `one of ${wanted.map((each) => each.database).join(', ')}`,
    });
  }
  const chosen = await questions.unfinished(wanted);
  return wanted.find((each) => each.database === chosen) ?? first;
}

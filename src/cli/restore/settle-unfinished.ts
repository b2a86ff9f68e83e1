import type { Environment } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import type { Unfinished } from './questions.ts';
import type { Settled, Settling } from './settle.ts';
import { artifactsOf, chooseArtifact } from './source-choice.ts';
import { endpointOf, findUnfinished, lookAtTarget } from './target-look.ts';

/**
 * What `--resume` goes on with: the database that was named, or the only unfinished one of the server, and the artifact
 * that it was being made from, whatever came after it.
 * @throws Failure `usage`, `target-refused`, and what repository and server say
 */
export async function settleUnfinished(
  settling: Settling,
  from: Environment | undefined,
  to: Environment,
): Promise<Pick<Settled, 'source' | 'database' | 'target'>> {
  const { plans, flags } = settling;
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
  const source = chooseArtifact(flags.artifact ?? unfinished.artifact, artifacts, from);
  return { source, database, target: await lookAtTarget(plans, endpoint, database) };
}

async function choose(
  { flags, questions }: Settling,
  to: Environment,
  found: readonly Unfinished[],
): Promise<Unfinished> {
  const { database } = flags;
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

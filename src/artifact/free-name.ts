import type { Clock } from '../base/clock.ts';
import type { Repository } from '../store/repository.ts';
import { artifactName } from './name.ts';

/** Runs of one database in one second: three are more than any schedule or person makes. */
const mostTries = 3;
const secondMs = 1000;

/** A new artifact's name and the time in it. */
export interface FreeName {
  readonly name: string;
  readonly createdAt: Date;
}

/**
 * Names a new artifact. Names have whole seconds, so one that is taken is another run's of this very second: the next
 * second is waited for. A name that stays taken is given all the same; beginning an artifact under it is refused.
 */
export async function chooseFreeName(
  repository: Repository,
  database: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<FreeName> {
  for (let tries = 1; ; tries += 1) {
    const createdAt = clock.now();
    const name = artifactName(database, createdAt);
    if (tries === mostTries || !(await isTaken(repository, name, signal))) return { name, createdAt };
    await clock.sleep(secondMs - (createdAt.getTime() % secondMs), signal);
  }
}

async function isTaken(repository: Repository, name: string, signal: AbortSignal): Promise<boolean> {
  for await (const _ of repository.list(`${name}.`, signal)) return true;
  return false;
}

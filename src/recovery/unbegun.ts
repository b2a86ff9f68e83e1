import { defined } from '../base/defined.ts';
import { Failure } from '../base/failure.ts';
import { known } from '../language/yaml/open.ts';
import { recordFailedStart } from '../run/failed-start.ts';
import type { CommandHost } from '../task/host.ts';
import type { Plans } from '../task/plans.ts';
import { stateFolderOf } from '../task/state.ts';
import type { RestoreWish } from './wish-options.ts';
import { restorePlan } from './restore-plan.ts';

export interface Unbegun {
  readonly host: CommandHost;
  readonly plans: Plans;
  readonly wish: RestoreWish;
  /** A person sees it fail. */
  readonly isAttended: boolean;
}

/**
 * What goes before a run: where nobody watches and it fails (a login, a repository, a refused target), that leaves a
 * record like a failed run. A command line that is wrong was no attempt.
 */
export async function recordUnbegun<Result>(
  { host, plans, wish, isAttended }: Unbegun,
  before: () => Promise<Result>,
): Promise<Result> {
  try {
    return await before();
  } catch (error) {
    const isAttempt =
      error instanceof Failure && !['usage', 'not-confirmed', 'interrupted'].includes(error.code);
    if (isAttempt && !isAttended && wish.dryRun !== true) {
      const { from, to = from ?? '', artifact, database } = wish;
      const plan = restorePlan({
        parameters: {
          ...defined({ from, artifact, database }),
        },
        to: { name: to, protected: known(plans.workspace.environments.get(to)?.protected) ?? false },
        compares: false,
        part: undefined,
      });
      await recordFailedStart(host, stateFolderOf(plans.settings, host.environmentVariables), plan, error);
    }
    throw error;
  }
}

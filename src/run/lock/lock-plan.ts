import { hostname } from 'node:os';
import { hostLock } from './host-lock.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { createProcessGroups } from '../../process/process-groups.ts';
import { lockFile, temporaryFolder } from '../../base/state-folder.ts';
import type { CommandHost } from '../../task/host.ts';
import type { Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

/**
 * Holds a plan's lock on this host for a command that adds to what the plan's runs keep.
 * @throws Failure `locked` naming the run that holds it
 */
export async function lockPlan(host: CommandHost, plans: Plans, plan: Plan): Promise<AsyncDisposable> {
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const taker = hostLock({
    file: lockFile(stateFolder, plan.name),
    temporaryFolder: (runId) => temporaryFolder(stateFolder, runId),
    groups: createProcessGroups(),
    host: hostname(),
    pid: process.pid,
  });
  const identity = {
    id: `sign-off-${plan.name}`,
    plan: plan.name,
    planHash: plan.hash,
    startedAt: new Date(),
    scratch: '',
  };
  const lock = await taker.take(identity, new AbortController().signal);
  return { [Symbol.asyncDispose]: () => lock.release() };
}

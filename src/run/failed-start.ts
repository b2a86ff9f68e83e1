import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import { describeFailure, type Failure } from '../base/failure.ts';
import type { Plan } from '../language/plan/plan.ts';
import { identifyRun } from './run-identity.ts';
import { openJournal } from './record/journal.ts';
import { journalFile } from '../base/state-folder.ts';
import type { CommandHost } from '../task/host.ts';

/**
 * Writes the journal of a run that could not begin, because its environment is not complete here. The repository is
 * part of that environment, so this host's state folder is all that can take it.
 */
export async function recordFailedStart(
  host: CommandHost,
  stateFolder: string,
  plan: Plan,
  failure: Failure,
): Promise<void> {
  const run = await identifyRun({ plan }, { clock: systemClock, random: Math.random, stateFolder });
  const at = run.startedAt.toISOString();
  await using journal = openJournal(journalFile(stateFolder, plan.name, run.id));
  journal.handle({
    type: 'run-started',
    at,
    runId: run.id,
    plan: plan.name,
    planHash: plan.hash,
    environment: plan.environment,
    host: hostname(),
    pid: process.pid,
    versions: { 'run-plan': host.version, node: process.versions.node },
    parameters: {},
    steps: [],
  });
  journal.handle({
    type: 'run-finished',
    at,
    outcome: 'failed',
    exitCode: failure.exitCode,
    durationMs: 0,
    stepsDurationMs: 0,
    error: describeFailure(failure),
  });
}

import { defaults } from '../language/generated/postgres-restore.defaults.ts';
import { defaults as ofPlans } from '../language/generated/plan.defaults.ts';
import { createHash } from 'node:crypto';
import { durationOf } from '../base/quantity/duration.ts';
import type { Environment } from '../language/environment/environment.ts';
import type { Plan, Step } from '../language/plan/plan.ts';
import type { PostgresRestoreParameters } from '../language/generated/postgres-restore.types.ts';

/** Name of the plan that `run-plan restore` makes; no file may bear it (`command-names.ts`). */
export const restorePlanName = 'restore';

/** The tasks of that plan: no file of the workspace need use them. */
export const restoreTasks = ['postgres-restore', 'restore-compare'] as const;

/** Where messages say that it comes from. */
const origin = 'run-plan restore';

export interface PlannedRestore {
  readonly parameters: PostgresRestoreParameters;
  readonly to: Pick<Environment, 'name' | 'protected'>;
  /** Hold what was restored against the artifact's fingerprint. */
  readonly compares: boolean;
  /** What is restored when that is not the whole artifact, in words. */
  readonly part: string | undefined;
}

/**
 * The plan of one restore, as a file would say it: the engine runs it like any other. Its parameters repeat what was
 * asked for, so that the record tells it. Pure.
 */
export function restorePlan({ parameters, to, compares, part }: PlannedRestore): Plan {
  const { from, artifact = defaults.artifact, database } = parameters;
  const steps = [
    step('postgres-restore', to.name, { ...parameters }),
    ...(compares ? [step('restore-compare', to.name, {})] : []),
  ];
  const told = Object.entries({ from, artifact, to: to.name, database, part });
  return {
    name: restorePlanName,
    file: origin,
    hash: createHash('sha256').update(JSON.stringify(steps)).digest('hex'),
    description: `Restore ${artifact} into ${to.name}`,
    environment: to.name,
    timeZone: 'UTC',
    schedule: [],
    objectives: {},
    timeoutMs: durationOf(ofPlans.timeout),
    parameters: told.flatMap(([name, value]) => (value === undefined ? [] : [{ name, default: value }])),
    ...(to.protected && { writes: to.name }),
    steps,
  };
}

function step(task: string, environment: string, parameters: Readonly<Record<string, unknown>>): Step {
  return {
    id: task,
    name: task,
    phase: 'steps',
    position: origin,
    environment,
    action: { kind: 'task', task, parameters },
    stallTimeoutMs: durationOf(ofPlans.step['stall-timeout']),
    retry: { times: 0, delayMs: 0, backoff: 'constant' },
    continueOnFailure: false,
  };
}

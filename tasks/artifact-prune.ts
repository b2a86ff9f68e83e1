import { defaults } from '../src/language/generated/artifact-prune.defaults.ts';
import { prune, type PruneResult } from '../src/artifact/prune.ts';
import { planPrune, type PrunePlan } from '../src/artifact/prune-plan.ts';
import { heldBackReason } from '../src/artifact/retention.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { durationOf, renderDuration } from '../src/base/quantity/duration.ts';
import type { ArtifactPruneParameters } from '../src/language/generated/artifact-prune.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/artifact-prune.schema.json' with { type: 'json' };

const task: Task<ArtifactPruneParameters> = {
  name: 'artifact-prune',
  description:
    "Removes the artifacts that the plan's retention does not keep, and what interrupted runs left",
  needs: ['repository'],
  writes: [],
  role: 'prune',
  outputs: ['removed', 'kept'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** From this difference on, milliseconds, an operator should look at the clocks; S3 refuses requests beyond 15 minutes. */
const clockWarningMs = 5 * 60 * 1000;

function describe(parameters: ArtifactPruneParameters, environment: Environment): readonly string[] {
  return [
    `remove artifacts of ${environment.name} that the plan's retention does not keep, while the newest is verified`,
    `remove files without a manifest and unfinished uploads older than ${parameters['debris-after'] ?? defaults['debris-after']}`,
  ];
}

async function run(context: TaskContext, parameters: ArtifactPruneParameters): Promise<TaskResult> {
  if (context.retention === undefined) {
    throw new Failure('plan-invalid', `${context.run.plan} prunes and has no retention`, {
      hint: "Say in the plan what to keep: 'retention: { keep-within: 14d, keep-at-least: 3 }'.",
    });
  }
  const repository = await context.repository();
  context.report.phase('deciding what to keep');
  const plan = await planPrune(repository, {
    environment: context.environment.name,
    policy: context.retention,
    timeZone: context.timeZone,
    now: context.clock.now(),
    signal: context.signal,
    debrisAgeMs: durationOf(parameters['debris-after'] ?? defaults['debris-after']),
  });
  warnOf(context, plan);
  context.report.phase('removing');
  const result = await prune(repository, plan, {
    signal: context.signal,
    onRemove: (name, reason) => {
      context.report.note(`removing ${name}: ${reason}`);
    },
  });
  warnOfRefusals(context, result);
  return resultOf(plan, result);
}

function warnOf({ report }: TaskContext, plan: PrunePlan): void {
  if (Math.abs(plan.clockDifferenceMs) > clockWarningMs) {
    const ahead = plan.clockDifferenceMs > 0 ? 'ahead of' : 'behind';
    report.warn(
      `this host's clock is ${renderDuration(Math.abs(plan.clockDifferenceMs))} ${ahead} the store's`,
    );
  }
  const reasons = new Set(plan.artifacts.map(({ reason }) => reason));
  for (const { artifact } of plan.artifacts) {
    if (artifact.state === 'damaged') report.warn(`${artifact.name} is damaged: ${artifact.reason}`);
    if (reasons.has(heldBackReason(artifact))) report.warn(heldBackReason(artifact));
  }
  for (const { leftover, remove, reason } of plan.debris) {
    if (!remove) report.note(`leaving ${leftover.name}: ${reason}`);
  }
}

/** One warning for all: a lock that holds a hundred artifacts is one thing to know. */
function warnOfRefusals({ report }: TaskContext, { refused }: PruneResult): void {
  const [first] = refused;
  if (first === undefined) return;
  const others = refused.length === 1 ? '' : ` (and ${String(refused.length - 1)} more)`;
  report.warn(`the store refused a removal${others}: ${first.message}; the next prune tries again`);
}

function resultOf(plan: PrunePlan, result: PruneResult): TaskResult {
  const kept = plan.artifacts.length - result.artifacts.length;
  return {
    outputs: { removed: String(result.artifacts.length), kept: String(kept) },
    facts: {
      kept,
      removed: result.artifacts,
      debris: result.debris,
      uploads: result.uploads,
      refused: result.refused.map(({ message }) => message),
      freedBytes: result.freedBytes,
      decisions: plan.artifacts.map(({ artifact, keep, reason }) => ({
        artifact: artifact.name,
        keep,
        reason,
      })),
    },
  };
}

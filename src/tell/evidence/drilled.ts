import { markDrilled } from '../../artifact/drill-mark.ts';
import type { FinishedRun } from '../../run/run-host.ts';
import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';

/**
 * Marks the artifacts that a run which went well has restored whole. One without a manifest cannot be marked.
 * @throws Failure `repository-*`
 */
export async function markDrilledArtifacts(run: FinishedRun, evidence: DrillEvidence): Promise<void> {
  const { record, pipeline, restored, openRepository, signal } = run;
  if (record.outcome !== 'succeeded') return;
  for (const { artifact, partial } of restored.values()) {
    const environment = artifact && pipeline.environments.get(artifact.environment);
    const restore = evidence.restores.find((each) => each.artifact === artifact?.name);
    const manifestSha256 = restore?.manifestSha256 ?? null;
    if (
      artifact === undefined ||
      environment === undefined ||
      manifestSha256 === null ||
      partial !== undefined
    )
      continue;
    const repository = await openRepository(environment);
    const drill = {
      name: artifact.name,
      drilledAt: new Date(record.finishedAt),
      runId: record.runId,
      plan: record.plan,
      manifestSha256,
      recoveryMs: record.stepsDurationMs,
    };
    await markDrilled(repository, drill, signal);
  }
}

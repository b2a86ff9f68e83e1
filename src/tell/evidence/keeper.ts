import type { Clock } from '../../base/clock.ts';
import type { FinishedRun, RunKeeper } from '../../run/run-host.ts';
import type { Repository } from '../../store/repository.ts';
import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { buildEvidence } from './build.ts';
import { drillBatch } from './document-name.ts';
import { renderDocuments } from './documents.ts';
import { readDrills } from './drills.ts';
import { isDrill } from './is-drill.ts';
import { openStateFolder } from './places.ts';
import { withSignOffs } from './sign-off.ts';
import { sealBatches, writeBatch } from './store.ts';
import { trendLength } from './trend.ts';
import { markDrilled } from '../../artifact/drill-mark.ts';

/** What reading the earlier drills may take, milliseconds: the evidence itself must still be written in its time. */
const earlierMs = 4000;

export interface EvidenceKeeperOptions {
  readonly stateFolder: string;
  readonly secrets: Secrets;
  /** Account that runs this process. */
  readonly account: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly redact: (text: string) => string;
}

/** Keeps the evidence of every run that restores something, however it ended, and marks what was drilled well. */
export function createEvidenceKeeper(options: EvidenceKeeperOptions): RunKeeper {
  return {
    name: "the drill's evidence",
    keep: async (run) => {
      if (isDrill(run.pipeline) && hasBegun(run)) await keepEvidence(run, options);
    },
  };
}

/** A run that found its plan locked has done nothing, and the chain is the holder's to write. */
function hasBegun({ record }: FinishedRun): boolean {
  return record.error?.code !== 'locked' || record.steps.some(({ attempts }) => attempts > 0);
}

async function keepEvidence(run: FinishedRun, options: EvidenceKeeperOptions): Promise<void> {
  const { record, pipeline, restored, signal } = run;
  const stateFolder = await openStateFolder(options.stateFolder, options.secrets);
  const repository = run.repository && run.openRepository(run.repository);
  const evidence = buildEvidence({
    record,
    pipeline,
    restored,
    account: options.account,
    earlier: await earlierDrills(stateFolder, repository, record.plan, signal),
  });
  const documents = renderDocuments(redacted(evidence, options.redact));
  const batch = drillBatch(record.plan, record.runId);
  await writeBatch(stateFolder, batch, documents, signal);
  const places = { stateFolder, repository: await repository };
  await sealBatches(places, batch, { now: () => options.clock.now(), signal });
  await markDrilledArtifacts(run, evidence);
}

/** Those that this host knows must do when the repository cannot say: storing, which comes next, tells why. */
async function earlierDrills(
  stateFolder: Repository,
  repository: Promise<Repository> | undefined,
  plan: string,
  signal: AbortSignal,
): Promise<readonly DrillEvidence[]> {
  const selection = { plan, limit: trendLength - 1 };
  const soon = AbortSignal.any([signal, AbortSignal.timeout(earlierMs)]);
  try {
    const places = { stateFolder, repository: await repository };
    return (await readDrills(places, { ...selection, signal: soon })).drills.map(withSignOffs);
  } catch {
    const places = { stateFolder, repository: undefined };
    return (await readDrills(places, { ...selection, signal })).drills.map(withSignOffs);
  }
}

/** Records are redacted as they are made; what was added since is here. */
function redacted(evidence: DrillEvidence, redact: (text: string) => string): DrillEvidence {
  const value: unknown = JSON.parse(JSON.stringify(evidence), (_, each: unknown) =>
    typeof each === 'string' ? redact(each) : each,
  );
  return value as DrillEvidence;
}

/**
 * Marks the artifacts that a run which went well has restored whole. One without a manifest cannot be marked.
 * @throws Failure `repository-*`
 */
async function markDrilledArtifacts(run: FinishedRun, evidence: DrillEvidence): Promise<void> {
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

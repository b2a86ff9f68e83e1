import { rm } from 'node:fs/promises';
import type { ExitCode } from '../base/exit-code.ts';
import type { RunFinished } from './record/event.ts';
import { createFold } from './record/fold.ts';
import { openJournal } from './record/journal.ts';
import { pruneKept } from './record/prune-kept.ts';
import { journalFile, temporaryFolder } from '../base/state-folder.ts';
import type { RunRecord } from '../language/generated/run-record.types.ts';
import { createEmitter } from './emitter.ts';
import { endRun } from './end-run.ts';
import { reportAlert } from './tell-end.ts';
import { atMost } from './limits.ts';
import { createClusters } from './clusters.ts';
import { runPhases } from './phases.ts';
import { note, type RunProgress } from './run-progress.ts';
import { objectiveMissed } from './objectives.ts';
import type { Pipeline } from './pipeline.ts';
import { createRepositories, type RunContext } from './run-context.ts';
import { watchEnds } from './run-ends.ts';
import type { RunHost } from './run-host.ts';
import { identifyRun } from './run-identity.ts';
import { createLocks, startedEvent, tellInterrupted } from './start-run.ts';

/** What closing each thing may take, milliseconds. */
const closeMs = 5000;

export interface RunResult {
  readonly runId: string;
  readonly outcome: RunFinished['outcome'];
  readonly exitCode: ExitCode;
  readonly record: RunRecord | undefined;
}

/**
 * Runs a pipeline from its lock to its record. Never rejects: whatever happens becomes an outcome, an exit code and a
 * record.
 */
export async function runPipeline(pipeline: Pipeline, host: RunHost): Promise<RunResult> {
  const run = await identifyRun(pipeline, host);
  const startedMs = host.clock.monotonicMs();
  const fold = createFold();
  const journal = openJournal(journalFile(host.stateFolder, run.plan, run.id));
  const foldSink = { handle: fold.add, close: () => Promise.resolve() };
  const sinks = [journal, foldSink, ...host.sinks];
  const emit = createEmitter(host.clock, host.redact, sinks);
  const repositories = createRepositories(host);
  const progress: RunProgress = { error: undefined, hasFailed: false, stepsDurationMs: 0 };
  const clusters = createClusters(host);
  const context: RunContext = {
    run,
    pipeline,
    host,
    emit,
    repositories,
    clusters,
    progress,
    outputs: {},
    restored: new Map(),
  };
  const unstored: RunRecord[] = [];
  const ends = watchEnds(context);
  const locks = createLocks(context, ends);
  emit(startedEvent(context));
  try {
    const locking = locks.take(host.hostLock);
    host.prepare?.();
    await locking;
    // Only now is it this run that runs; see `Journal.begin`.
    journal.begin();
    unstored.push(...(await tellInterrupted(context)));
    for (const taker of host.locks) await locks.take(taker);
    host.alerts?.started({ run: run.id, pipeline, report: reportAlert(context) });
    await runPhases(context, ends);
  } catch (error) {
    note(progress, error);
  }
  if (ends.run.aborted) note(progress, ends.run.reason);
  const missed = objectiveMissed(pipeline.plan, progress);
  if (missed !== undefined) note(progress, missed);
  ends.stop();
  // Nothing that follows speaks to them.
  const stopping = atMost(host.clock, closeMs, clusters.stop());
  const finish = await endRun({ context, fold, journal, unstored, startedMs });
  await stopping;
  const folder = temporaryFolder(host.stateFolder, run.id);
  const closing = [
    repositories.close(),
    rm(folder, { recursive: true, force: true }),
    pruneKept(host.stateFolder, host.clock.now()),
    ...sinks.map((sink) => sink.close()),
  ];
  await Promise.all(closing.map((each) => atMost(host.clock, closeMs, each)));
  await atMost(host.clock, closeMs, locks.release());
  return { runId: run.id, outcome: finish.outcome, exitCode: finish.exitCode, record: fold.record() };
}

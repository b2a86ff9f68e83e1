import { hostname } from 'node:os';
import process from 'node:process';
import { systemClock } from '../../../src/base/clock.ts';
import type { PipelineStep } from '../../../src/run/pipeline.ts';
import { runPipeline } from '../../../src/run/run-pipeline.ts';
import { watchSignals } from '../../../src/run/signals.ts';
import type { ExitCode } from '../../../src/base/exit-code.ts';
import { hostLock } from '../../../src/run/lock/host-lock.ts';
import type { RunEvent } from '../../../src/run/record/event.ts';
import { lockFile, temporaryFolder } from '../../../src/base/state-folder.ts';
import { fakeHost, fakePipeline, scriptStep } from '../../fixtures/fake-run.ts';

export interface WantedStep extends Partial<Pick<PipelineStep, 'phase' | 'stallTimeoutMs' | 'timeoutMs'>> {
  readonly script: string;
}

export interface RunSurroundings {
  /** Told every event but progress. */
  readonly onEvent: (event: RunEvent) => void;
  /** Ends this process, at a second signal. */
  readonly exit: (code: ExitCode) => void;
  readonly reportBug: (stack: string) => void;
}

/** A small run-plan: runs scripts as steps of the plan `fake`, with the real host lock, journal and signals. */
export async function runSteps(
  stateFolder: string,
  steps: readonly WantedStep[],
  { onEvent, exit, reportBug }: RunSurroundings,
): Promise<ExitCode> {
  const fake = fakeHost(systemClock);
  fake.remove();
  const signals = watchSignals((code) => {
    fake.groups.killAll();
    exit(code);
  });
  const pipeline = fakePipeline(
    steps.map(({ script, ...more }, index) => scriptStep(`s${String(index)}`, script, more)),
  );
  const { exitCode } = await runPipeline(pipeline, {
    ...fake,
    stateFolder,
    random: Math.random,
    hostName: hostname(),
    pid: process.pid,
    cancel: signals.cancel,
    hostLock: hostLock({
      file: lockFile(stateFolder, 'fake'),
      temporaryFolder: (runId) => temporaryFolder(stateFolder, runId),
      groups: fake.groups,
      host: hostname(),
      pid: process.pid,
    }),
    sinks: [
      {
        handle: (event) => {
          if (event.type !== 'step-progress') onEvent(event);
        },
        close: () => Promise.resolve(),
      },
    ],
    reportBug,
  });
  signals.stop();
  return exitCode;
}

/**
 * A small run-plan for tests: runs the scripts that it is given as steps of the plan `fake`, with the real host lock,
 * journal and signals. `node runner.ts STATE REPOSITORY-OR-NONE STEPS-AS-JSON`.
 */
import { hostname } from 'node:os';
import process from 'node:process';
import { systemClock } from '../../../src/clock.ts';
import type { PipelineStep } from '../../../src/engine/pipeline.ts';
import { runPipeline } from '../../../src/engine/run-pipeline.ts';
import { watchSignals } from '../../../src/engine/signals.ts';
import { hostLock } from '../../../src/lock/host-lock.ts';
import { lockFile, temporaryFolder } from '../../../src/record/state-folder.ts';
import { fakeHost, fakePipeline, scriptStep } from '../../fixtures/fake-run.ts';

interface WantedStep extends Partial<Pick<PipelineStep, 'phase' | 'stallTimeoutMs' | 'timeoutMs'>> {
  readonly script: string;
}

const [stateFolder = '', steps = '[]'] = process.argv.slice(2);
const fake = fakeHost(systemClock);
fake.remove();
const signals = watchSignals((code) => {
  fake.groups.killAll();
  process.exit(code);
});
const pipeline = fakePipeline(
  (JSON.parse(steps) as WantedStep[]).map(({ script, ...more }, index) =>
    scriptStep(`s${String(index)}`, script, more),
  ),
);
const result = await runPipeline(pipeline, {
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
        if (event.type !== 'step-progress') process.stdout.write(`${JSON.stringify(event)}\n`);
      },
      close: () => Promise.resolve(),
    },
  ],
  reportBug: (stack) => process.stderr.write(stack),
});
signals.stop();
process.exitCode = result.exitCode;

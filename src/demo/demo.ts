import type { Terminal } from '../base/terminal/terminal.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { startCluster, type Cluster } from '../postgres/cluster.ts';
import { fillSampleDatabase, sampleDatabase } from './sample-database.ts';
import { openStage, watchInterruptions, type Interruptions, type Stage } from './stage.ts';
import { tellStory, type Launcher } from './story.ts';
import { writeWorkspace } from './workspace.ts';

export interface DemoOptions {
  /** About how much data the sample database holds. */
  readonly bytes: number;
  /** Leaves the folder for looking around. */
  readonly keep: boolean;
  /** With `keep`, leaves the server too until Ctrl-C: somebody sits there. */
  readonly waits: boolean;
  readonly terminal: Pick<Terminal, 'print'>;
  readonly launcher: Launcher;
}

/**
 * The demo: a throw-away Postgres with a cleaning company's data, backed up by the real plan through the real command
 * line, and restored with stock tools. Removes what it made, however it ends, unless `keep`.
 *
 * @returns 0, the exit code of the first command that failed, or 130 and 143 after a signal.
 * @throws Failure `tool-missing`, `cluster-start`, `command-failed` when the sample database cannot be made.
 */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const interruptions = watchInterruptions();
  const stage = openStage(options.terminal, interruptions);
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-demo-'));
  let cluster: Cluster | undefined;
  try {
    stage.say('A throw-away Postgres with the sample data of a cleaning company');
    cluster = await startDemoCluster(interruptions);
    await fillSampleDatabase(stage, cluster, options.bytes);
    const workspace = await writeWorkspace(folder, cluster);
    const code = await tellStory(stage, options.launcher, workspace, cluster);
    if (code === exitCode.done && options.keep && options.waits) {
      await lookAround(stage, cluster, folder, interruptions);
    }
    return code as ExitCode;
  } catch (error) {
    if (interruptions.first() === undefined) throw error;
    return interruptions.first() === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted;
  } finally {
    await cluster?.stop();
    if (options.keep) stage.say(`Kept: ${folder}`);
    else await rm(folder, { recursive: true, force: true });
    interruptions.close();
  }
}

async function startDemoCluster(interruptions: Interruptions): Promise<Cluster> {
  const interrupted = new AbortController();
  const forget = interruptions.onSignal(() => {
    interrupted.abort();
  });
  try {
    return await startCluster({ signal: interrupted.signal });
  } finally {
    forget();
  }
}

async function lookAround(
  stage: Stage,
  cluster: Cluster,
  folder: string,
  interruptions: Interruptions,
): Promise<void> {
  stage.say('Look around; the server ends with Ctrl-C');
  stage.show(`cd ${folder}
psql -h ${cluster.socketFolder} -p ${cluster.port} -U ${cluster.user} ${sampleDatabase}
`);
  await new Promise<void>((resolve) => {
    // A pending promise alone would not keep the process.
    const awake = setInterval(() => undefined, 60_000);
    interruptions.onSignal(() => {
      clearInterval(awake);
      resolve();
    });
  });
}

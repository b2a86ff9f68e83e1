import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitCode, type ExitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { startCluster, type Cluster } from '../postgres/cluster.ts';
import { openStage, watchInterruptions, type Interruptions, type Stage } from './stage.ts';
import { demoDatabase, demoPlan, writeWorkspace, type Workspace } from './workspace.ts';

export interface DemoOptions {
  /** About how much data the sample database holds; its server is done in some 20 s with 300 MB. */
  readonly bytes: number;
  /** Leaves the folder for looking around. */
  readonly keep: boolean;
  /** With `keep`, leaves the server too until Ctrl-C: somebody sits there. */
  readonly waits: boolean;
  readonly output: NodeJS.WritableStream;
  /** How run-plan was started, so that the demo can start it again: Node and the launcher's script. */
  readonly launcher: readonly [program: string, script: string];
}

const seedFile = fileURLToPath(new URL('seed.sql', import.meta.url));
const bytesPerSeedUnit = 1_000_000;

/**
 * The demo: a throw-away Postgres with a cleaning company's data, backed up by the real plan through the real command
 * line. Removes what it made, however it ends, unless `keep`.
 *
 * @returns 0, the exit code of the first command that failed, or 130 and 143 after a signal.
 * @throws Failure `tool-missing`, `cluster-start`, `command-failed` when the sample database cannot be made.
 */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const interruptions = watchInterruptions();
  const stage = openStage(options.output, interruptions);
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-demo-'));
  let cluster: Cluster | undefined;
  try {
    stage.say('A throw-away Postgres with the sample data of a cleaning company');
    cluster = await startDemoCluster(interruptions);
    await seed(stage, cluster, options.bytes);
    const code = await tell(stage, await writeWorkspace(folder, cluster), options);
    if (code === exitCode.done && options.keep && options.waits)
      await lookAround(stage, cluster, folder, interruptions);
    return code;
  } catch (error) {
    if (interruptions.first() === undefined) throw error;
    return signalled(interruptions) ?? exitCode.bug;
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

async function seed(stage: Stage, cluster: Cluster, bytes: number): Promise<void> {
  const size = Math.max(1, Math.round(bytes / bytesPerSeedUnit));
  const environment = {
    PGHOST: cluster.socketFolder,
    PGPORT: String(cluster.port),
    PGUSER: cluster.user,
    PGOPTIONS: undefined,
  };
  const psql = join(cluster.binFolder, 'psql');
  const program = ['--no-psqlrc', '--quiet'];
  const created = await stage.run(
    psql,
    [...program, '-d', 'postgres', '-c', `create database ${demoDatabase}`],
    {
      environment,
    },
  );
  const filled = ['-d', demoDatabase, '-v', `size=${size}`, '--single-transaction', '-f', seedFile];
  const code =
    created ||
    (await stage.run(psql, [...program, ...filled], {
      shownAs: `psql ${demoDatabase} -v size=${size} -f seed.sql    # about ${size} MB: bookings, orders, photos' keys, invoices as large objects`,
      environment,
    }));
  if (code !== 0)
    throw new Failure('command-failed', `psql could not make the sample database (exit ${code})`);
}

/** Every command of the story, in order; stops at the first that fails. */
async function tell(
  stage: Stage,
  workspace: Workspace,
  { launcher, output }: DemoOptions,
): Promise<ExitCode> {
  const [node, script] = launcher;
  const runPlan = (...words: string[]): Promise<number> =>
    stage.run(node, [script, ...words], { shownAs: ['run-plan', ...words].join(' '), cwd: workspace.folder });

  stage.say('A plan is one YAML file, kept in git');
  output.write(`\n${await readFile(workspace.planFile, 'utf8')}`);
  const story: [text: string, ...words: string[]][] = [
    [
      'It is checked before anything runs: a mistyped key would be named with file, line and column',
      'validate',
    ],
    ['The nightly run: dump, read everything back, then prune', demoPlan],
    ['What the repository holds now', 'artifacts'],
    [
      'Is the newest verified artifact young enough for the RPO? Exit 22 if not, for a monitor',
      'status',
      '--check',
    ],
  ];
  for (const [text, ...words] of story) {
    stage.say(text);
    const code = await runPlan(...words);
    if (code !== exitCode.done) return code as ExitCode;
  }
  stage.say('Beside each artifact lies how to restore it with stock tools, without run-plan');
  const guide = (await readdir(workspace.repositoryFolder)).find((name) => name.endsWith('.RESTORE.md'));
  if (guide !== undefined)
    output.write(`\n${await readFile(join(workspace.repositoryFolder, guide), 'utf8')}`);
  return exitCode.done;
}

async function lookAround(
  stage: Stage,
  cluster: Cluster,
  folder: string,
  interruptions: Interruptions,
): Promise<void> {
  stage.say(`Look around: cd ${folder}
psql -h ${cluster.socketFolder} -p ${cluster.port} -U ${cluster.user} ${demoDatabase}
The server ends with Ctrl-C.`);
  await new Promise<void>((resolve) => {
    // A pending promise alone would not keep the process.
    const awake = setInterval(() => undefined, 60_000);
    interruptions.onSignal(() => {
      clearInterval(awake);
      resolve();
    });
  });
}

function signalled(interruptions: Interruptions): ExitCode | undefined {
  const signal = interruptions.first();
  if (signal === undefined) return undefined;
  return signal === 'SIGTERM' ? exitCode.terminated : exitCode.interrupted;
}

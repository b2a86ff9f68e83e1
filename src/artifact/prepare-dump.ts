import type { Environment } from '../language/environment/environment.ts';
import type { Session } from '../postgres/connect.ts';
import { findPackagedClients, type ClientTools, type FindOptions } from '../postgres/client-tools.ts';
import { inspectDumpSource, type DumpSource } from '../postgres/dump-source.ts';
import { checkSpace, describeStandby } from '../postgres/preflight.ts';
import type { Repository } from '../store/repository.ts';
import type { PostgresDumpParameters } from '../language/generated/postgres-dump.types.ts';
import type { TaskContext } from '../task/contract.ts';
import type { DumpSettings } from './dump-settings.ts';
import { artifactName } from './name.ts';
import { beginArtifact, type NewArtifact } from './new-artifact.ts';
import { previousDumpBytes } from './previous-size.ts';
import { checkScratch, makeScratch } from './scratch.ts';
import { uploadsAtATime } from './store-directory-dump.ts';
import type { Commands } from '../process/commands.ts';
import type { Clock } from '../base/clock.ts';

/** Everything that was settled before the first byte is written. */
export interface PreparedDump {
  readonly repository: Repository;
  readonly source: DumpSource;
  readonly tools: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly name: string;
  /** Begun, without a file yet. */
  readonly artifact: NewArtifact;
  readonly expectedBytes: number;
  readonly folder: string;
}

/** What is asked of programs and of the repository while the session with the server begins. */
export interface EarlyLooks {
  readonly packing: Promise<Readonly<Record<string, string>>>;
  readonly find: FindOptions;
  readonly clients: Promise<readonly ClientTools[]>;
  readonly beginning: Promise<{
    readonly name: string;
    readonly createdAt: Date;
    readonly artifact: NewArtifact;
  }>;
  readonly previousBytes: Promise<number | undefined>;
  readonly freeBytes: Promise<number | undefined>;
}

/** Begins to look at what needs no server. What fails is told by `prepareDump`, in its order. */
export function lookEarly(
  context: TaskContext,
  settings: DumpSettings,
  parameters: PostgresDumpParameters,
  database: string,
  repository: Repository,
): EarlyLooks {
  const { commands, clock, signal } = context;
  const clientFolder = parameters['client-folder'];
  const find = clientFolder === undefined ? {} : { folder: clientFolder };
  return {
    packing: toldLater(packingVersions(commands, packersOf(context.environment, settings))),
    find,
    clients: toldLater(findPackagedClients(commands, find)),
    beginning: toldLater(begin(repository, database, context)),
    previousBytes: toldLater(previousDumpBytes(repository, artifactName(database, clock.now()), signal)),
    freeBytes: toldLater(repository.freeBytes()),
  };
}

async function begin(
  repository: Repository,
  database: string,
  { clock, signal }: TaskContext,
): Promise<Awaited<EarlyLooks['beginning']>> {
  const { name, createdAt } = await chooseFreeName(repository, database, clock, signal);
  return { name, createdAt, artifact: await beginArtifact(repository, name, signal) };
}

/** Whoever awaits it learns of its failure, which is no unhandled one until then. */
function toldLater<Result>(look: Promise<Result>): Promise<Result> {
  look.catch(() => undefined);
  return look;
}

/**
 * Looks at the server, the programs, the repository and the room there is, and warns of what an operator should know.
 * @throws Failure `tool-missing`, `postgres-*`, `repository-*`, and others for what would make the dump fail later
 */
export async function prepareDump(
  context: TaskContext,
  settings: DumpSettings,
  parameters: PostgresDumpParameters,
  session: Session,
  repository: Repository,
  early: EarlyLooks,
): Promise<PreparedDump> {
  const packing = await early.packing;
  const { selection } = settings;
  const source = await inspectDumpSource(session, context.commands, early.find, early.clients, selection);
  const { name, createdAt, artifact } = await early.beginning;
  const expectedBytes = checkSpace({
    rawBytes: source.estimatedBytes,
    compressed: settings.compression.kind !== 'none',
    // What whole dumps took says nothing of a part.
    previousBytes: selection === undefined ? await early.previousBytes : undefined,
    freeBytes: await early.freeBytes,
    where: repository.location,
  });
  const folder = await scratchFolder(context, parameters);
  const atATime = settings.jobs + uploadsAtATime;
  const crowded =
    settings.format === 'directory' ? await checkScratch(folder, source.tables, atATime) : undefined;
  for (const warning of [
    source.client.warning,
    crowded,
    ...describeStandby(session, source.facts, source.tables),
  ]) {
    if (warning !== undefined) context.report.warn(warning);
  }
  const tools = { pg_dump: source.client.tools.version, ...packing };
  return { repository, source, tools, createdAt, name, artifact, expectedBytes, folder };
}

function packersOf(environment: Environment, settings: DumpSettings): readonly ('zstd' | 'age')[] {
  return [
    ...(settings.compression.kind === 'zstd' ? (['zstd'] as const) : []),
    ...(environment.repository?.encrypt === undefined ? [] : (['age'] as const)),
  ];
}

async function scratchFolder(context: TaskContext, parameters: PostgresDumpParameters): Promise<string> {
  if (parameters.scratch === undefined) return context.folder;
  const scratch = await makeScratch(parameters.scratch);
  context.onEnd('remove the scratch folder', () => scratch.remove());
  return scratch.path;
}

/**
 * Versions of the programs that pack a dump, by name, as they say them themselves. Asked before the dump begins, so
 * that a missing one costs nothing.
 * @throws Failure `tool-missing`
 */
async function packingVersions(
  commands: Commands,
  programs: readonly ('zstd' | 'age')[],
): Promise<Readonly<Record<string, string>>> {
  const versions = programs.map(async (program) => {
    const { stdout, stderr } = await commands.run(program, ['--version']);
    return [program, /\d+(?:\.\d+)+[\w.-]*/.exec(`${stdout} ${stderr}`)?.[0] ?? 'unknown'] as const;
  });
  return Object.fromEntries(await Promise.all(versions));
}

/** Runs of one database in one second: three are more than any schedule or person makes. */
const mostTries = 3;
const secondMs = 1000;

/** A new artifact's name and the time in it. */
export interface FreeName {
  readonly name: string;
  readonly createdAt: Date;
}

/**
 * Names a new artifact. Names have whole seconds, so one that is taken is another run's of this very second: the next
 * second is waited for. A name that stays taken is given all the same; beginning an artifact under it is refused.
 */
export async function chooseFreeName(
  repository: Repository,
  database: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<FreeName> {
  for (let tries = 1; ; tries += 1) {
    const createdAt = clock.now();
    const name = artifactName(database, createdAt);
    if (tries === mostTries || !(await isTaken(repository, name, signal))) return { name, createdAt };
    await clock.sleep(secondMs - (createdAt.getTime() % secondMs), signal);
  }
}

async function isTaken(repository: Repository, name: string, signal: AbortSignal): Promise<boolean> {
  for await (const _ of repository.list(`${name}.`, signal)) return true;
  return false;
}

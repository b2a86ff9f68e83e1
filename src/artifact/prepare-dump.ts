import type { Environment } from '../environment/environment.ts';
import type { Session } from '../postgres/connect.ts';
import { inspectDumpSource, type DumpSource } from '../postgres/dump-source.ts';
import { checkSpace, describeStandby } from '../postgres/preflight.ts';
import type { Repository } from '../repository/repository.ts';
import type { PostgresDumpParameters } from '../schema/generated/postgres-dump.types.ts';
import type { TaskContext } from '../task/contract.ts';
import type { DumpSettings } from './dump-settings.ts';
import { chooseFreeName } from './free-name.ts';
import { previousDumpBytes } from './previous-size.ts';
import { checkScratch, makeScratch } from './scratch.ts';
import { uploadsAtATime } from './store-directory-dump.ts';
import { packingVersions } from './tool-versions.ts';

/** Everything that was settled before the first byte is written. */
export interface PreparedDump {
  readonly repository: Repository;
  readonly source: DumpSource;
  readonly tools: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly name: string;
  readonly expectedBytes: number;
  readonly folder: string;
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
): Promise<PreparedDump> {
  const packing = await packingVersions(context.commands, packersOf(context.environment, settings));
  const clientFolder = parameters['client-folder'];
  const find = clientFolder === undefined ? {} : { folder: clientFolder };
  const source = await inspectDumpSource(session, context.commands, find);
  const { database } = session.endpoint;
  const { name, createdAt } = await chooseFreeName(repository, database, context.clock, context.signal);
  const expectedBytes = checkSpace({
    rawBytes: source.estimatedBytes,
    compressed: settings.compression.kind !== 'none',
    previousBytes: await previousDumpBytes(repository, name, context.signal),
    freeBytes: await repository.freeBytes(),
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
  return { repository, source, tools, createdAt, name, expectedBytes, folder };
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

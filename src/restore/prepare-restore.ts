import { Failure } from '../base/failure.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeScratch } from '../artifact/scratch.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { chooseRestoreTools, findClientTools, type ClientTools } from '../postgres/client-tools.ts';
import type { ConnectOptions, Session } from '../postgres/connect.ts';
import { chooseRestoreSettings, thisHost, type RestoreSettings } from '../postgres/restore-settings.ts';
import { inspectTarget, type RestoreTarget } from '../postgres/restore-target.ts';
import type { TaskContext } from '../task/contract.ts';
import { listTablespaces } from './contents.ts';
import { checkContents, checkTarget, type PreflightQuestion } from './preflight.ts';
import type { RestoreRequest } from './restore-request.ts';
import { openSource, type OpenSource, type RestoreSource } from './source.ts';
import type { Timeline } from './timeline.ts';

export interface RestoreOptions {
  readonly source: RestoreSource;
  /** The server, and the database to restore into. */
  readonly endpoint: PostgresEndpoint;
  readonly request: RestoreRequest;
  readonly scratch: string | undefined;
  readonly clientFolder: string | undefined;
}

/** Everything that was found before the first byte is written. */
export interface Prepared {
  readonly connecting: ConnectOptions;
  readonly maintenance: Session;
  readonly target: RestoreTarget;
  readonly tools: ClientTools;
  /** Private, empty but for what was read of the contents. */
  readonly folder: string;
  readonly opened: OpenSource;
  readonly settings: RestoreSettings;
  readonly withoutTablespaces: boolean;
  readonly timeline: Timeline;
}

/**
 * Looks at the target and the contents, and chooses programs and settings. Writes nothing but to its own folder.
 * @throws Failure `target-refused`, `space-missing`, `artifact-damaged` and the like
 */
export async function prepareRestore(
  context: TaskContext,
  options: RestoreOptions,
  started: Pick<Prepared, 'connecting' | 'maintenance' | 'timeline'>,
): Promise<Prepared> {
  const { source, endpoint, request } = options;
  const target = await inspectTarget(started.maintenance, endpoint);
  const question = questionOf(source, target, request, context.run.scratch);
  for (const text of checkTarget(question)) context.report.note(text);
  const folder = await folderFor(context, options.scratch);
  const { tools, opened } = await openWith(
    await toolsFor(context, options, target),
    options,
    (each) => {
      const { timeline } = started;
      return openSource(source, { context, tools: each, folder, selection: request.selection, timeline });
    },
    context,
  );
  checkContents(opened.listing, question);
  const withoutTablespaces = await lacksTablespaces(context, opened, tools, target);
  const server = { ...target.resources, major: target.major };
  const extent = { bytes: rawBytes(source), entries: opened.listing.entries };
  const settings = chooseRestoreSettings(server, thisHost(), request.jobs, extent);
  return { ...started, target, tools, folder, opened, settings, withoutTablespaces };
}

/** Of a dump whose objects lie in tablespaces that the target lacks none is used: pg_restore knows only all or nothing. */
async function lacksTablespaces(
  { commands, environment, report }: TaskContext,
  { contents }: OpenSource,
  tools: ClientTools,
  { tablespaces, endpoint }: RestoreTarget,
): Promise<boolean> {
  if (contents === undefined) return false;
  const wanted = await listTablespaces(contents, { commands, tools });
  const missing = wanted.filter((name) => !tablespaces.has(name));
  if (missing.length === 0) return false;
  const where = environment.ephemeral === true ? 'a throw-away cluster' : endpoint.host;
  report.warn(
    `${where} has no tablespace ${missing.join(', ')}: everything is restored into the database's own`,
  );
  return true;
}

/** What a dump grows to when it is decompressed, about; a dump of much repetition grows to more. */
const unpackedFactor = 8;

/** Of a dump before it was compressed, as far as that is known or can be guessed. */
function rawBytes(source: RestoreSource): number | undefined {
  if (source.kind === 'artifact') return source.manifest.dump.rawBytes ?? undefined;
  if (source.format === 'directory') return undefined;
  return source.unpack.length > 0 ? source.bytes * unpackedFactor : source.bytes;
}

function questionOf(
  source: RestoreSource,
  target: RestoreTarget,
  request: RestoreRequest,
  scratch: string,
): PreflightQuestion {
  // What an earlier attempt of this run left in its own database goes; an unfinished restore is dealt with when resumed.
  const isOurs = request.resume || target.endpoint.database === scratch;
  const isArtifact = source.kind === 'artifact';
  const dumped = isArtifact ? source.from.postgres : undefined;
  return {
    target,
    manifest: isArtifact ? source.manifest : undefined,
    name: isArtifact ? source.manifest.name : source.path,
    permissions: isOurs ? { ...request.permissions, replace: true } : request.permissions,
    isSchemaOnly: request.selection.contents === 'schema-only',
    source: dumped === undefined ? undefined : { host: dumped.host, port: dumped.port },
  };
}

async function toolsFor(
  context: TaskContext,
  { source, clientFolder }: RestoreOptions,
  target: RestoreTarget,
): Promise<ClientTools> {
  const dumpMajor = source.kind === 'artifact' ? majorOf(source.manifest) : target.major;
  const find = clientFolder === undefined ? {} : { folder: clientFolder };
  const { tools, warning } = await chooseRestoreTools(context.commands, dumpMajor, target.major, find);
  if (warning !== undefined) context.report.warn(warning);
  return tools;
}

/** Opens the source; a file that tells no major, and that the server's client is too old for, by the newest client. */
async function openWith(
  tools: ClientTools,
  { source, clientFolder }: RestoreOptions,
  open: (tools: ClientTools) => Promise<OpenSource>,
  { commands, report }: TaskContext,
): Promise<{ readonly tools: ClientTools; readonly opened: OpenSource }> {
  try {
    return { tools, opened: await open(tools) };
  } catch (error) {
    if (source.kind === 'artifact' || !(error instanceof Failure) || error.code !== 'tool-missing')
      throw error;
    const found = await findClientTools(commands, clientFolder === undefined ? {} : { folder: clientFolder });
    const newest = found.toSorted((left, right) => right.major - left.major)[0];
    if (newest === undefined || newest.major <= tools.major) throw error;
    report.warn(
      `The dump is of a newer pg_dump than the target's: restoring with PostgreSQL ${newest.major}'s pg_restore; settings that the target does not know are passed over.`,
    );
    return { tools: newest, opened: await open(newest) };
  }
}

/** The major of the pg_dump that wrote it; the server's where it is not told. */
function majorOf({ tools, server }: Extract<RestoreSource, { kind: 'artifact' }>['manifest']): number {
  const major = Number.parseInt(tools['pg_dump'] ?? '', 10);
  return Number.isNaN(major) ? server.major : major;
}

async function folderFor(context: TaskContext, scratch: string | undefined): Promise<string> {
  if (scratch === undefined) {
    const folder = join(context.folder, 'restore');
    await mkdir(folder, { mode: 0o700 });
    return folder;
  }
  const made = await makeScratch(scratch);
  context.onEnd('remove the scratch folder', () => made.remove());
  return made.path;
}

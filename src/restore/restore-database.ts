import { join } from 'node:path';
import { makeScratch } from '../artifact/scratch.ts';
import { applicationName } from '../postgres/application-name.ts';
import { chooseRestoreTools, type ClientTools } from '../postgres/client-tools.ts';
import { connect, type ConnectOptions, type Session } from '../postgres/connect.ts';
import type { DumpListing } from '../postgres/dump-listing.ts';
import { endBackends } from '../postgres/end-backends.ts';
import { connectMaintenance } from '../postgres/maintenance.ts';
import { programEnvironment } from '../postgres/program-environment.ts';
import type { HarmlessMessage } from '../postgres/restore-messages.ts';
import {
  chooseRestoreSettings,
  renderSessionOptions,
  thisHost,
  type RestoreSettings,
} from '../postgres/restore-settings.ts';
import { explainLoss, freeBytesOf, inspectTarget, type RestoreTarget } from '../postgres/restore-target.ts';
import type { PostgresEndpoint } from '../environment/environment.ts';
import type { TaskContext } from '../task/contract.ts';
import { checkAfterLoad, type AfterLoad } from './after-load.ts';
import { analyze } from './analyze.ts';
import type { Load } from './load.ts';
import { checkContents, checkTarget, type PreflightQuestion } from './preflight.ts';
import { createSchemas, neededSchemas } from './needed-schemas.ts';
import { readyDatabase, type ReadyDatabase } from './ready-database.ts';
import type { RestoreRequest } from './restore-request.ts';
import { restoreRoles } from './restore-roles.ts';
import { openSource, type OpenSource, type RestoreSource } from './source.ts';
import { createTimeline, type Timeline } from './timeline.ts';

/** A restore that is done. */
export interface FinishedRestore {
  readonly source: RestoreSource;
  readonly target: RestoreTarget;
  readonly tools: ClientTools;
  readonly settings: RestoreSettings;
  readonly listing: DumpListing;
  readonly timeline: Timeline;
  readonly harmless: readonly HarmlessMessage[];
  readonly after: AfterLoad;
  /** Read from the repository, bytes. */
  readonly bytes: number;
}

export interface RestoreOptions {
  readonly source: RestoreSource;
  /** The server, and the database to restore into. */
  readonly endpoint: PostgresEndpoint;
  readonly request: RestoreRequest;
  readonly scratch: string | undefined;
  readonly clientFolder: string | undefined;
}

/**
 * Restores a dump into a database: looks at the target, reads the contents, makes the database, loads, analyzes and
 * looks at what came of it. Nothing is written before everything that can be known was checked.
 * @throws Failure `target-refused`, `artifact-damaged`, `restore-failed` and the like; the signal's reason
 */
export async function restoreDatabase(
  context: TaskContext,
  options: RestoreOptions,
): Promise<FinishedRestore> {
  const { source, endpoint, request } = options;
  const { report, signal } = context;
  const timeline = createTimeline(context.clock);
  const connecting: ConnectOptions = {
    secrets: context.secrets,
    applicationName: applicationName(context.run.id),
    signal,
  };
  report.phase('looking at the target');
  const endPreflight = timeline.begin('preflight');
  await using maintenance = await connectMaintenance(endpoint, connecting);
  let isOver = false;
  context.onEnd('end sessions on the target', async () => {
    if (!isOver) await endSessions(context, maintenance.endpoint);
  });
  const target = await inspectTarget(maintenance, endpoint, connecting);
  let freeAtLoss: Promise<number | undefined> | undefined;
  // At once: a server that starts again, or is thrown away, frees what it had filled.
  const noteFreeBytes = (): void => {
    freeAtLoss = freeBytesOf(target.resources);
  };
  maintenance.lost.addEventListener('abort', noteFreeBytes, { once: true });
  const question = questionOf(source, target, request);
  for (const text of checkTarget(question)) report.note(text);
  const tools = await toolsFor(context, options, target);
  const folder = await folderFor(context, options.scratch);
  const opened = await openSource(source, { context, tools, folder, selection: request.selection, timeline });
  checkContents(opened.listing, question);
  endPreflight();

  const ready = await timeline.during('database', () => readyDatabase(maintenance, context, options, target));
  const settings = chooseRestoreSettings(
    { ...target.resources, major: target.major },
    thisHost(),
    request.jobs,
  );
  const environment = {
    ...(await programEnvironment(endpoint, { ...connecting, folder: context.folder })),
    PGOPTIONS: renderSessionOptions(settings.session),
  };
  if (request.roles)
    await restoreRoles(context, source, tools, { ...environment, PGDATABASE: maintenance.endpoint.database });
  const harmless: HarmlessMessage[] = [];
  const load: Load = {
    commands: context.commands,
    signal: AbortSignal.any([signal, maintenance.lost]),
    folder,
    command: {
      tools,
      database: endpoint.database,
      environment,
      selection: request.selection,
      clean: ready.clean,
      singleTransaction: request.singleTransaction,
    },
    jobs: settings.jobs,
    listing: opened.listing,
    timeline,
    onBytes: opened.countBytes,
    onPhase: (text) => {
      report.phase(text);
    },
    onLoaded: () => ready.noteLoaded(),
    harmless,
  };
  await using session = await connect(endpoint, connecting);
  await loadOrResume(load, opened, ready, session).catch(async (error: unknown) => {
    throw explainLoss(error, await (freeAtLoss ?? freeBytesOf(target.resources)));
  });
  report.phase('analyzing');
  if (request.selection.contents !== 'schema-only') await timeline.during('analyze', () => analyze(load));
  report.phase('looking at the restored database');
  const after = await timeline.during('checks', () =>
    checkAfterLoad(
      session,
      source.kind === 'artifact' && request.partial === undefined ? source.manifest : undefined,
    ),
  );
  await ready.finish();
  isOver = true;
  return {
    source,
    target,
    tools,
    settings,
    listing: opened.listing,
    timeline,
    harmless,
    after,
    bytes: opened.bytes(),
  };
}

async function loadOrResume(
  load: Load,
  opened: OpenSource,
  ready: ReadyDatabase,
  session: Session,
): Promise<void> {
  if (ready.isLoaded) {
    await opened.resume(load, session);
    return;
  }
  await createSchemas(session, neededSchemas(load.command.selection, load.listing));
  await opened.load(load, session);
}

function questionOf(
  source: RestoreSource,
  target: RestoreTarget,
  request: RestoreRequest,
): PreflightQuestion {
  const isArtifact = source.kind === 'artifact';
  const dumped = isArtifact ? source.from.postgres : undefined;
  return {
    target,
    manifest: isArtifact ? source.manifest : undefined,
    storedBytes: isArtifact ? source.manifest.dump.storedBytes : source.bytes,
    name: isArtifact ? source.manifest.name : source.path,
    permissions: request.resume ? { ...request.permissions, replace: true } : request.permissions,
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

/** The major of the pg_dump that wrote it; the server's where it is not told. */
function majorOf({ tools, server }: Extract<RestoreSource, { kind: 'artifact' }>['manifest']): number {
  const major = Number.parseInt(tools['pg_dump'] ?? '', 10);
  return Number.isNaN(major) ? server.major : major;
}

async function folderFor(context: TaskContext, scratch: string | undefined): Promise<string> {
  if (scratch === undefined) {
    const folder = join(context.folder, 'restore');
    await context.commands.run('mkdir', ['-m', '700', folder]);
    return folder;
  }
  const made = await makeScratch(scratch);
  context.onEnd('remove the scratch folder', () => made.remove());
  return made.path;
}

async function endSessions(context: TaskContext, endpoint: PostgresEndpoint): Promise<void> {
  const ended = await endBackends(endpoint, { secrets: context.secrets, runId: context.run.id });
  if (ended > 0) context.report.note(`ended ${ended} sessions that the restore had left on the server`);
}

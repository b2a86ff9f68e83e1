import { applicationName } from '../postgres/application-name.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import { connectMaintenance, type ConnectOptions, type Session } from '../postgres/connect.ts';
import { endBackends } from '../postgres/end-backends.ts';
import { checkProgramServer, programEnvironment, type Variables } from '../postgres/program.ts';
import { isLater, type DumpListing } from '../postgres/dump-listing.ts';
import type { HarmlessMessage, SetAsideMessage } from '../postgres/restore-messages.ts';
import { type RestoreSettings } from '../postgres/restore-settings.ts';
import { explainLoss, freeBytesOf, type RestoreTarget } from '../postgres/restore-target.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import type { PrivilegesFacts } from '../language/facts.ts';
import type { TaskContext } from '../task/contract.ts';
import { checkAfterLoad, type AfterLoad } from './after-load.ts';
import { analyze } from './analyze.ts';
import type { Load } from './load.ts';
import { createSchemas, neededSchemas } from './needed-schemas.ts';
import { prepareRestore, type Prepared, type RestoreOptions } from './prepare-restore.ts';
import { partialWords } from '../artifact/partial.ts';
import { readyDatabase, type ReadyDatabase } from './ready-database.ts';
import { preparePrivileges } from './restore-privileges.ts';
import { restoreRoles } from './restore-roles.ts';
import { watchServerLife } from './server-life.ts';
import type { OpenSource, RestoreSource } from './source.ts';
import { checkLeft, describeLeft, tryAgain, type LeftObject } from './try-again.ts';
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
  /** Objects that are not there, each accepted by the plan. */
  readonly left: readonly LeftObject[];
  readonly after: AfterLoad;
  readonly privileges: PrivilegesFacts;
  /** Read from the repository, bytes. */
  readonly bytes: number;
}

/**
 * Restores a dump into a database: looks at the target, reads the contents, makes the database, loads, analyzes and
 * looks at what came of it. Nothing is written before everything that can be known was checked.
 * @throws Failure `target-refused`, `artifact-damaged`, `restore-failed`, `restore-incomplete` and the like; the signal's reason
 */
export async function restoreDatabase(
  context: TaskContext,
  options: RestoreOptions,
): Promise<FinishedRestore> {
  const { source, endpoint, request } = options;
  const timeline = createTimeline(context.clock);
  const connecting: ConnectOptions = {
    secrets: context.secrets,
    applicationName: applicationName(context.run.id),
    signal: context.signal,
  };
  context.report.phase('looking at the target');
  await using maintenance = await connectMaintenance(endpoint, connecting);
  let isOver = false;
  context.onEnd('end sessions on the target', async () => {
    if (!isOver) await endSessions(context, maintenance.endpoint);
  });
  const prepared = await timeline.during('preflight', () =>
    prepareRestore(context, options, { connecting, maintenance, timeline }),
  );
  const { target, tools, opened, settings } = prepared;
  const environment = await programEnvironment(maintenance, {
    ...connecting,
    folder: context.folder,
    settings: settings.session,
  });
  await checkProgramServer(maintenance, context.commands, tools.psql, environment);
  const privileges = await preparePrivileges(context, options, maintenance, target);
  const ready = await timeline.during('database', () => readyDatabase(maintenance, context, options, target));
  if (request.roles) await restoreRoles(context, source, tools, environment);
  await privileges.prepare();
  const load = loadOf(context, options, prepared, ready, environment);
  await using session = await maintenance.inDatabase(endpoint.database);
  const { left: lacking, isTried } = await loadWatched(
    context,
    prepared,
    load,
    ready,
    session,
    schemasOf(source),
  );
  context.report.phase('analyzing');
  if (request.selection.contents !== 'schema-only')
    await timeline.during('analyze', () => analyze({ ...load, jobs: isTried ? 1 : load.jobs }, session));
  const settled = await timeline.during('privileges', () => privileges.settle(lacking.length > 0));
  const left = [...lacking, ...settled.refused];
  const partial = source.kind === 'artifact' ? partialWords({ facts: source.manifest }) : undefined;
  checkLeft(left, request.accept, endpoint.database, partial);
  for (const object of left) context.report.warn(`not there, as accepted: ${describeLeft(object)}`);
  context.report.phase('looking at the restored database');
  const whole = source.kind === 'artifact' && request.partial === undefined ? source.manifest : undefined;
  const after = await timeline.during('checks', () => checkAfterLoad(session, whole));
  await ready.finish();
  checkLeft(await privileges.comment(), request.accept, endpoint.database);
  isOver = true;
  const { listing, bytes } = opened;
  return {
    source,
    target,
    tools,
    settings,
    listing,
    timeline,
    harmless: load.harmless,
    left,
    after,
    privileges: settled.facts,
    bytes: bytes(),
  };
}

function loadOf(
  context: TaskContext,
  { endpoint, request }: RestoreOptions,
  { maintenance, tools, folder, opened, settings, timeline, withoutTablespaces }: Prepared,
  ready: ReadyDatabase,
  environment: Variables,
): Load {
  const setAside: SetAsideMessage[] = [];
  return {
    commands: context.commands,
    signal: AbortSignal.any([context.signal, maintenance.lost]),
    folder,
    command: {
      tools,
      database: endpoint.database,
      environment,
      selection: request.selection,
      clean: ready.clean,
      singleTransaction: request.singleTransaction,
      withoutTablespaces,
    },
    jobs: settings.jobs,
    listing: opened.listing,
    timeline,
    onBytes: opened.countBytes,
    bytesRead: opened.bytes,
    onPhase: (text) => {
      context.report.phase(text);
    },
    onWay: (text) => {
      context.report.note(text);
    },
    // Rows may be missing until what comes before or with them is there.
    onLoaded: async () => {
      if (setAside.every(({ object }) => isLater(object))) await ready.noteLoaded();
    },
    harmless: [],
    setAside,
  };
}

/** Loads while the server is watched: its work is life, and a full disk of its is told as such. */
async function loadWatched(
  { clock, report }: TaskContext,
  { maintenance, connecting, target, opened }: Prepared,
  load: Load,
  ready: ReadyDatabase,
  session: Session,
  schemas: readonly string[],
): ReturnType<typeof tryAgain> {
  let freeAtLoss: Promise<number | undefined> | undefined;
  // At once: a server that starts again, or is thrown away, frees what it had filled.
  const noteFreeBytes = (): void => {
    freeAtLoss = freeBytesOf(target.resources);
  };
  maintenance.lost.addEventListener('abort', noteFreeBytes, { once: true });
  const stopWatching = watchServerLife(maintenance, {
    clock,
    applicationName: connecting.applicationName,
    onLife: (progress) => {
      report.phase(`the server is at work${progress === undefined ? '' : `, an index is at ${progress}`}`);
    },
  });
  try {
    if (!ready.isLoaded) await createSchemas(session, schemas);
    await loadOrResume(load, opened, ready, session);
    return await tryAgain(load, session, opened.again);
  } catch (error) {
    throw explainLoss(error, await (freeAtLoss ?? freeBytesOf(target.resources)));
  } finally {
    stopWatching();
  }
}

/** Schemas that a dump of a part needs and does not make. */
function schemasOf(source: RestoreOptions['source']): readonly string[] {
  return source.kind === 'artifact' ? (source.manifest.partial?.schemas ?? []) : [];
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

async function endSessions(context: TaskContext, endpoint: PostgresEndpoint): Promise<void> {
  const ended = await endBackends(endpoint, { secrets: context.secrets, runId: context.run.id });
  if (ended > 0) context.report.note(`ended ${ended} sessions that the restore had left on the server`);
}

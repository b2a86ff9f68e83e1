import { defined } from '../base/defined.ts';
import { createDatabase } from '../postgres/create-database.ts';
import type { Session } from '../postgres/connect.ts';
import { dropDatabase } from '../postgres/drop-database.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import { markScratch, parseScratchName } from '../postgres/scratch-database.ts';
import { Failure } from '../base/failure.ts';
import type { TaskContext } from '../task/contract.ts';
import type { RestoreOptions } from './prepare-restore.ts';
import { isWholeReplaced, replacesWhole } from './restore-request.ts';
import type { RestoreSource } from './source.ts';
import {
  forgetUnfinished,
  noteUnfinished,
  parseUnfinished,
  type UnfinishedRestore,
} from './unfinished-restore.ts';

/** The database that is restored into, ready for it. */
export interface ReadyDatabase {
  /** pg_restore drops what it creates. */
  readonly clean: boolean;
  /** An earlier attempt has loaded every row. */
  readonly isLoaded: boolean;
  /** Every row is there. */
  noteLoaded(): Promise<void>;
  finish(): Promise<void>;
}

/**
 * Makes the database where it is absent, and finds out how far an unfinished restore of the same artifact came.
 * A database that this program made and did not finish is begun anew when it is resumed; any other stays.
 * @throws Failure `target-refused`, `postgres-*`
 */
export async function readyDatabase(
  maintenance: Session,
  context: TaskContext,
  { source, request, endpoint }: RestoreOptions,
  target: RestoreTarget,
): Promise<ReadyDatabase> {
  const { database } = endpoint;
  const unfinished = parseUnfinished(target.existing?.comment ?? null);
  if (target.existing !== undefined && database === context.run.scratch) {
    // An earlier attempt of this step has made it.
    await dropDatabase(maintenance, database, { force: true });
  } else if (target.existing !== undefined && request.resume) {
    if (!isOf(unfinished, source)) throw notResumable(database, unfinished);
    const isSamePart = unfinished.partial === (request.partial ?? null);
    if (unfinished.state === 'loaded' && isSamePart) {
      context.report.note(`every row of ${database} is there; going on with indexes and constraints`);
      return {
        clean: false,
        isLoaded: true,
        noteLoaded: noNote,
        finish: () => forgetUnfinished(maintenance, database),
      };
    }
    const why = isSamePart ? `rows of ${database} may be missing` : `${database} was to hold another part`;
    context.report.note(`${why}; beginning anew`);
    await dropDatabase(maintenance, database, { force: true });
  } else if (target.existing !== undefined && replacesWhole(request, isPartial(source), target)) {
    await dropReplaced(maintenance, context, database);
  } else if (target.existing !== undefined) {
    if (isWholeReplaced(request, isPartial(source)))
      context.report.warn(
        `${database} cannot be dropped and made anew by ${endpoint.user}, or not all that is in it: what is there and not in the dump stays there`,
      );
    const clean = request.permissions.replace && target.existing.tables.length > 0;
    const isDataOnly = request.selection.contents === 'data-only';
    return { clean: clean && !isDataOnly, isLoaded: false, noteLoaded: noNote, finish: noNote };
  }
  context.report.phase(`creating the database ${database}`);
  const warning = await createDatabase(maintenance, database, localeOf(source));
  if (warning !== undefined) context.report.warn(warning);
  if (parseScratchName(database) !== undefined) {
    await markScratch(maintenance, database, context.run.id);
    return { clean: false, isLoaded: false, noteLoaded: noNote, finish: noNote };
  }
  const note = (state: UnfinishedRestore['state']): Promise<void> =>
    source.kind === 'artifact'
      ? noteUnfinished(maintenance, database, {
          artifact: source.manifest.name,
          manifestSha256: source.manifestSha256,
          runId: context.run.id,
          partial: request.partial ?? null,
          state,
        })
      : Promise.resolve();
  await note('loading');
  return {
    clean: false,
    isLoaded: false,
    noteLoaded: () => note('loaded'),
    finish: () => forgetUnfinished(maintenance, database),
  };
}

/** Whether there may be less in it than in a database: an artifact that was made so, and every file of another tool. */
export function isPartial(source: RestoreSource): boolean {
  return source.kind === 'file' || source.manifest.partial !== undefined;
}

async function dropReplaced(maintenance: Session, { report }: TaskContext, database: string): Promise<void> {
  report.phase(`dropping the database ${database}`);
  const detached = await dropDatabase(maintenance, database, { force: true });
  if (detached.length > 0)
    report.warn(
      `subscriptions of ${database} are gone; their slots stay at the publishers, which keep what nobody fetches until they are dropped there: ${detached.join(', ')}`,
    );
}

function noNote(): Promise<void> {
  return Promise.resolve();
}

function isOf(
  unfinished: UnfinishedRestore | undefined,
  source: RestoreSource,
): unfinished is UnfinishedRestore {
  return source.kind === 'artifact' && unfinished?.manifestSha256 === source.manifestSha256;
}

function localeOf(source: RestoreSource): Parameters<typeof createDatabase>[2] {
  if (source.kind !== 'artifact') return {};
  const { encoding, collation, characterType, icu } = source.manifest.server;
  return {
    encoding,
    collation,
    ...defined({ characterType, icu }),
  };
}

function notResumable(database: string, unfinished: UnfinishedRestore | undefined): Failure {
  const what =
    unfinished === undefined
      ? 'is no unfinished restore of this program'
      : `is an unfinished restore of ${unfinished.artifact}`;
  return new Failure('target-refused', `the database ${database} ${what}: nothing to resume`, {
    hint: 'Name the artifact and the database of the restore that did not finish, or restore into a new database.',
  });
}

import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { dropDatabase } from './drop-database.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';

/** `scratch_<YYYYMMDD>t<HHMMSS>z_<4 hex>`, as runs name the databases that only they use. */
const scratchPattern = /^scratch_(\d{4})(\d{2})(\d{2})t(\d{2})(\d{2})(\d{2})z_([0-9a-f]{4})$/;

/** What begins the comment of a database that a run made for itself. */
const marker = 'run-plan scratch of ';
const keptMarker = '; kept';

/** A run younger than this may not yet have a session that shows that it lives, milliseconds. */
const youngMs = 60 * 60 * 1000;

/** The run that a scratch database's name tells of. */
export interface ScratchName {
  /** When the run started, whole seconds. */
  readonly startedAt: Date;
  /** How the ids of the run and the `application_name` of its sessions end: `-20250101T020000Z-3fa9`. */
  readonly runIdEnd: string;
}

/** Reads the generated name of a scratch database; undefined for every other name: those nobody drops. */
export function parseScratchName(name: string): ScratchName | undefined {
  const match = scratchPattern.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, hex] = match.map(String);
  const startedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(startedAt.getTime())) return undefined;
  return { startedAt, runIdEnd: `-${year}${month}${day}T${hour}${minute}${second}Z-${hex}` };
}

/**
 * Says in the database's comment whose it is, so that a later run can sweep it when this one is killed.
 * @throws Failure `postgres-*`
 */
export async function markScratch(session: Session, database: string, runId: string): Promise<void> {
  await comment(session, database, `${marker}${runId}`);
}

/** Says in the comment that somebody wants to look at it: no run sweeps it. @throws Failure `postgres-*` */
export async function markKept(session: Session, database: string, runId: string): Promise<void> {
  await comment(session, database, `${marker}${runId}${keptMarker}, because the run failed`);
}

async function comment(session: Session, database: string, text: string): Promise<void> {
  await session.query(
    `comment on database ${quoteIdentifier(database)} is ${quoteLiteral(text)}`,
    [],
    `marking the database ${database}`,
  );
}

/** What a sweep removed, and what it left and why. */
export interface Sweep {
  readonly dropped: readonly string[];
  readonly left: readonly LeftScratch[];
}

export interface LeftScratch {
  readonly database: string;
  readonly reason: string;
}

/**
 * Drops the scratch databases that killed runs left on the session's server: generated names that bear run-plan's
 * comment, older than an hour, whose run has no session there any more and nobody else either. Kept ones stay. One that cannot
 * be dropped is left with the server's words.
 * @throws Failure `postgres-*` when the server cannot be asked
 */
export async function sweepScratch(
  session: Session,
  options: { readonly now: Date; readonly except: string },
): Promise<Sweep> {
  const dropped: string[] = [];
  const left: LeftScratch[] = [];
  for (const candidate of await findScratch(session)) {
    const { database } = candidate;
    if (database === options.except) continue;
    const reason = reasonToLeave(candidate, options.now) ?? (await refusalToDrop(session, database));
    if (reason === undefined) dropped.push(database);
    else left.push({ database, reason });
  }
  return { dropped, left };
}

interface Candidate {
  readonly database: string;
  readonly comment: string;
  readonly serverTime: Date;
  /** Names that client sessions of any database bear. */
  readonly applications: readonly string[];
  /** Client sessions in this very database. */
  readonly sessions: number;
}

function findScratch(session: Session): Promise<readonly Candidate[]> {
  return session.query<Candidate>(
    `select d.datname as database,
            shobj_description(d.oid, 'pg_database') as comment,
            now() as "serverTime",
            array(select distinct application_name from pg_stat_activity
                   where application_name <> '') as applications,
            (select count(*)::int from pg_stat_activity a
              where a.datid = d.oid and a.backend_type = 'client backend') as sessions
       from pg_database d
      where d.datname ~ '^scratch_[0-9]{8}t[0-9]{6}z_[0-9a-f]{4}$'
        and starts_with(shobj_description(d.oid, 'pg_database'), $1)
      order by d.datname`,
    [marker],
    'looking for databases that killed runs left',
  );
}

/** Undefined when it is debris. */
function reasonToLeave(candidate: Candidate, now: Date): string | undefined {
  const name = parseScratchName(candidate.database);
  if (name === undefined) return 'its name tells of no time';
  if (candidate.comment.includes(keptMarker)) return 'it was kept because its run failed';
  // The clock that is behind decides: one that runs ahead would make everything old at once.
  const nowMs = Math.min(now.getTime(), candidate.serverTime.getTime());
  if (nowMs - name.startedAt.getTime() <= youngMs) return 'it is younger than an hour';
  const isOfRun = (application: string): boolean =>
    application.endsWith(name.runIdEnd) || application.includes(`${name.runIdEnd} `);
  if (candidate.applications.some(isOfRun)) return 'its run is still there';
  return candidate.sessions > 0 ? 'somebody is connected to it' : undefined;
}

/** Never by force: whoever has connected since is not thrown out. */
async function refusalToDrop(session: Session, database: string): Promise<string | undefined> {
  try {
    await dropDatabase(session, database, { force: false });
    return undefined;
  } catch (error) {
    if (error instanceof Failure && !session.lost.aborted) return error.message;
    throw error;
  }
}

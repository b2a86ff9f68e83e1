import type { Session } from '../postgres/connect.ts';
import { quoteIdentifier, quoteLiteral } from '../postgres/identifier.ts';

/**
 * What a restore notes on the database that it has made, as the database's comment, until it is done: whoever finds an
 * unfinished one, on whatever host, knows what it is and how far it came.
 */
export interface UnfinishedRestore {
  readonly artifact: string;
  readonly manifestSha256: string;
  readonly runId: string;
  /** What part of the artifact was wanted, in words; null for all of it. */
  readonly partial: string | null;
  /**
   * `loading`: rows may be missing. `loaded`: the rows of every table are there; values of sequences, indexes and
   * constraints may not be.
   */
  readonly state: 'loading' | 'loaded';
}

const prefix = 'run-plan restore ';

export async function noteUnfinished(
  session: Session,
  database: string,
  unfinished: UnfinishedRestore,
): Promise<void> {
  const { artifact, manifestSha256, runId, partial, state } = unfinished;
  await setComment(
    session,
    database,
    `${prefix}${JSON.stringify({ artifact, manifestSha256, runId, partial, state })}`,
  );
}

/** The restore is done: the database is like any other. */
export async function forgetUnfinished(session: Session, database: string): Promise<void> {
  await setComment(session, database, undefined);
}

/** What a database's comment says of an unfinished restore; undefined for any other comment. */
export function parseUnfinished(comment: string | null): UnfinishedRestore | undefined {
  if (comment?.startsWith(prefix) !== true) return undefined;
  try {
    const value = JSON.parse(comment.slice(prefix.length)) as Partial<
      Record<keyof UnfinishedRestore, unknown>
    >;
    const { artifact, manifestSha256, runId, partial, state } = value;
    if (typeof artifact !== 'string' || typeof manifestSha256 !== 'string' || typeof runId !== 'string')
      return undefined;
    if (partial !== null && typeof partial !== 'string') return undefined;
    if (state !== 'loading' && state !== 'loaded') return undefined;
    return { artifact, manifestSha256, runId, partial, state };
  } catch {
    return undefined;
  }
}

/** The databases of a server that restores have made and not finished. @throws Failure `postgres-*` */
export async function listUnfinished(
  session: Session,
): Promise<readonly { readonly database: string; readonly unfinished: UnfinishedRestore }[]> {
  const rows = await session.query<{ database: string; comment: string }>(
    `select datname as database, shobj_description(oid, 'pg_database') as comment
       from pg_database where starts_with(shobj_description(oid, 'pg_database'), $1) order by datname`,
    [prefix],
    'looking for unfinished restores',
  );
  return rows.flatMap(({ database, comment }) => {
    const unfinished = parseUnfinished(comment);
    return unfinished === undefined ? [] : [{ database, unfinished }];
  });
}

async function setComment(session: Session, database: string, text: string | undefined): Promise<void> {
  const literal = text === undefined ? 'null' : quoteLiteral(text);
  await session.query(
    `comment on database ${quoteIdentifier(database)} is ${literal}`,
    [],
    'noting how far the restore has come',
  );
}

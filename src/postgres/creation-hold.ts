import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier, quoteQualified } from './identifier.ts';

/** Keeps another session from creating something until it is released. */
export interface CreationHold {
  readonly release: () => Promise<void>;
}

/**
 * Makes whoever creates this table (or its schema, where that is not there yet) wait: an uncommitted entry of the same
 * name in the catalogue blocks theirs by its unique index, and is rolled back on release. Undefined when it cannot be
 * made.
 */
export async function holdCreation(
  session: Session,
  table: { readonly schema: string; readonly name: string },
): Promise<CreationHold | undefined> {
  await session.query('begin');
  try {
    const [known] = await session.query('select from pg_namespace where nspname = $1', [table.schema]);
    await session.query(
      known === undefined
        ? `create schema ${quoteIdentifier(table.schema)}`
        : `create table ${quoteQualified(table)} ()`,
      [],
      'holding back the rows until their files are ready',
    );
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'postgres-connection-lost') throw error;
    await session.query('rollback');
    return undefined;
  }
  return {
    release: async () => {
      await session.query('rollback');
    },
  };
}

import type { Session } from '../postgres/connect.ts';
import type { DumpListing } from '../postgres/dump-listing.ts';
import { quoteIdentifier } from '../postgres/identifier.ts';
import type { RestoreSelection } from '../postgres/restore-command.ts';

/**
 * The schemas that a selection of a dump needs: pg_restore restores what is in them and not themselves. A relation is
 * listed as `schema name owner` with blanks in all of them, so it is taken apart by the name that was asked for. Pure.
 */
export function neededSchemas(
  { schemas, tables, contents }: RestoreSelection,
  { relations }: Pick<DumpListing, 'relations'>,
): readonly string[] {
  if (contents === 'data-only') return [];
  const ofTables = tables.flatMap((table) =>
    relations.flatMap((words) => {
      const at = words.indexOf(` ${table} `);
      return at === -1 ? [] : [words.slice(0, at)];
    }),
  );
  return [...new Set([...schemas, ...ofTables])];
}

/** Makes the schemas that are not there. @throws Failure `postgres-*` */
export async function createSchemas(session: Session, schemas: readonly string[]): Promise<void> {
  for (const schema of schemas) {
    await session.query(
      `create schema if not exists ${quoteIdentifier(schema)}`,
      [],
      `creating the schema ${schema}`,
    );
  }
}

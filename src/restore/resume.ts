import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../postgres/connect.ts';
import { quoteIdentifier, quoteQualified } from '../postgres/identifier.ts';
import { buildLater, type LaterPass } from './load-stream.ts';
import { runPass, type Load } from './load.ts';

/**
 * Goes on with a restore that has the rows of every table: sequences get their values, and what follows the rows is
 * built anew, whatever of it an earlier attempt has left. Rows stay as they are.
 * @throws Failure of the restore; the signal's reason
 */
export async function resumeLoad(
  load: Load,
  session: Session,
  pass: Pick<LaterPass, 'from' | 'format'>,
): Promise<void> {
  const { sequences } = load.listing;
  if (sequences.length > 0) {
    load.onPhase(`setting ${sequences.length} sequences`);
    const list = join(load.folder, 'sequences.list');
    await writeFile(list, sequences.map((id) => `${id};\n`).join(''));
    await runPass(load, { ...pass, jobs: 1, sections: ['data'], list });
  }
  await dropLooseIndexes(session);
  await buildLater(load, { ...pass, jobs: load.jobs, clean: true });
}

interface LooseIndex {
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  /** When the index is a constraint's. */
  readonly constraint: string | null;
}

/**
 * Drops indexes of partitions that were built and not attached yet: `pg_restore --clean` leaves an index of a partition
 * to that of its parent, which does not know of it.
 */
async function dropLooseIndexes(session: Session): Promise<void> {
  const loose = await session.query<LooseIndex>(
    `select n.nspname as schema, c.relname as name, t.relname as table, k.conname as constraint
       from pg_index i
       join pg_class c on c.oid = i.indexrelid
       join pg_class t on t.oid = i.indrelid
       join pg_namespace n on n.oid = c.relnamespace
       left join pg_constraint k on k.conindid = c.oid and k.contype in ('p', 'u', 'x')
      where t.relispartition and not c.relispartition`,
    [],
    'listing indexes that an earlier attempt has left',
  );
  for (const { schema, name, table, constraint } of loose) {
    await session.query(
      constraint === null
        ? `drop index ${quoteQualified({ schema, name })}`
        : `alter table ${quoteQualified({ schema, name: table })} drop constraint ${quoteIdentifier(constraint)} cascade`,
      [],
      'dropping indexes that an earlier attempt has left',
    );
  }
}

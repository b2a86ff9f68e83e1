import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../postgres/connect.ts';
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
  await dropIndexes(session);
  await buildLater(load, { ...pass, jobs: load.jobs, clean: true });
}

/**
 * Drops constraints and indexes of the user's own tables, those that others refer to last. `pg_restore --clean` would
 * try to drop a partition's own, which go with their parent's, and leave those that were not attached to one yet.
 */
async function dropIndexes(session: Session): Promise<void> {
  const statements = await session.query<{ text: string }>(
    `with ours as (
       select c.oid from pg_class c
        where c.relkind in ('r', 'p', 'm') and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
          and not exists (select from pg_depend d
                           where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
     select text from (
       select case contype when 'f' then 1 else 2 end as turn,
              format('alter table %s drop constraint if exists %I cascade', conrelid::regclass, conname) as text
         from pg_constraint
        where conrelid in (select oid from ours) and contype in ('f', 'p', 'u', 'x') and conparentid = 0
       union all
       select 3, format('drop index if exists %s cascade', i.indexrelid::regclass)
         from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid in (select oid from ours) and not c.relispartition
          and not exists (select from pg_constraint k
                           where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))) each
     order by turn`,
    [],
    'listing indexes that an earlier attempt has left',
  );
  for (const { text } of statements) {
    await session.query(text, [], 'dropping indexes that an earlier attempt has left');
  }
}

import { open } from 'node:fs/promises';
import type { Session } from './connect.ts';
import { renderOptions } from './settings.ts';
import type { Variables } from './program.ts';

/** By which a dump, in its first entries, empties the search path of the sessions that restore it. */
const empties = "SELECT pg_catalog.set_config('search_path', '', false);";
/** As long: back to what the session began with, although pg_restore itself has emptied it when it logged in. */
const resets = `RESET search_path;${' '.repeat(37)}`;

/** The first entries of a dump lie within so many bytes, whatever its format. */
export const firstEntriesBytes = 64 * 1024;

/** The first bytes of a dump, or of its `toc.dat`, so that the sessions keep the search path that they begin with. */
export async function keepingSearchPath(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(firstEntriesBytes), 0, firstEntriesBytes, 0);
    const at = buffer.indexOf(empties);
    if (at !== -1) buffer.write(resets, at, 'latin1');
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Room in what a session begins with: the server takes 10,000 bytes of it in all. */
const mostPathBytes = 6000;

/** A program's environment whose sessions begin with a search path. */
export function withSearchPath(environment: Variables, path: string): Variables {
  const options = [environment['PGOPTIONS'] ?? '', renderOptions({ search_path: path })];
  return { ...environment, PGOPTIONS: options.join(' ').trim() };
}

/**
 * A search path by which names are found in every schema of the database: `public` first, as nearly everywhere, and
 * what the system has before it. Of very many schemas, the first ones by name.
 * @throws Failure `postgres-*`
 */
export async function everySchema(session: Session): Promise<string> {
  const schemas = await session.query<{ name: string }>(
    `select pg_catalog.quote_ident(nspname) as name from pg_catalog.pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
        and pg_catalog.has_schema_privilege(oid, 'USAGE')
      order by nspname <> 'public', nspname`,
    [],
    'listing schemas to find names in',
  );
  let path = '"$user"';
  for (const { name } of schemas) {
    const longer = `${path},${name}`;
    if (Buffer.byteLength(longer) <= mostPathBytes) path = longer;
  }
  return path;
}

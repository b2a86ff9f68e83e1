import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { databaseNamed, dropDatabase, queryServer, type TestDatabase } from '../../services/database.ts';
import type { Services } from '../../services/services.ts';

/**
 * A small database of one kind: a file of SQL below `test/gallery`. Its first line says what it is; lines of
 * `-- key: value` after that say how it is made and what is expected of it.
 */
export interface Kind {
  /** The file's name without its ending. */
  readonly name: string;
  readonly description: string;
  /** Whether it comes back, in words. */
  readonly back: string;
  readonly sql: string;
  /** Clauses of its `create database`. */
  readonly clauses: string;
  /** Its name, where the kind is about names. */
  readonly database: string | undefined;
  /** Which of pg_dump's text is the same after a restore: `everything`, `definitions` or `nothing`. */
  readonly equal: string;
  /** Roles that are named in it; they are made on its server, and stay. */
  readonly roles: readonly string[];
  /** Objects that no other database can have, as a plan accepts them. */
  readonly accept: readonly string[];
  /** The last major whose servers can make all of it. */
  readonly until: number;
}

const folder = fileURLToPath(new URL('../../gallery', import.meta.url));

/** Every kind there is, by the names of their files. */
export function kinds(): readonly Kind[] {
  return globSync(`${folder}/*.sql`).sort().map(readKind);
}

function readKind(file: string): Kind {
  const sql = readFileSync(file, 'utf8');
  const head = /^(?:-- .*\n)+/.exec(sql)?.[0] ?? '';
  const said = new Map(
    [...head.matchAll(/^-- ([a-z-]+): (.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
  const known = new Set(['database', 'accept', 'name', 'roles', 'back', 'equal', 'until']);
  const unknown = [...said.keys()].find((key) => !known.has(key));
  if (unknown !== undefined) throw new Error(`${file}: nobody reads '${unknown}'`);
  return {
    name: basename(file, '.sql'),
    description: /^-- (.*)$/m.exec(head)?.[1] ?? '',
    back: said.get('back') ?? 'yes',
    sql,
    clauses: said.get('database') ?? '',
    database: said.get('name'),
    equal: said.get('equal') ?? 'everything',
    roles: said.get('roles')?.split(', ') ?? [],
    accept: said.get('accept')?.split(', ') ?? [],
    until: Number(said.get('until') ?? Infinity),
  };
}

/** Makes the database of a kind; it is dropped after the test. */
export async function make(services: Services, kind: Kind): Promise<TestDatabase> {
  const random = randomBytes(6).toString('hex');
  const name = kind.database === undefined ? `gallery_${random}` : `${kind.database} ${random}`;
  const database = databaseNamed(services, name);
  onTestFinished(() => dropDatabase(services, database));
  await queryServer(
    services,
    `create database "${name.replaceAll('"', '""')}" template template0 ${kind.clauses}`,
  );
  await queryServer(services, makeRoles(kind));
  await database.query(kind.sql);
  return database;
}

/** A statement that makes the roles of a kind where they are missing; others may make them at the same time. */
export function makeRoles({ roles }: Kind): string {
  const made = roles.map(
    (role) =>
      `begin create role "${role}"; exception when duplicate_object or unique_violation then null; end;`,
  );
  return `do $$ begin ${made.join(' ')} end $$`;
}

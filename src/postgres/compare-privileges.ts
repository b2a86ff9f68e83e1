import type { OwnerMap } from './give-privileges.ts';
import { keptStatements, legible, type KeptPrivileges, type KeptStatement } from './kept-privileges.ts';
import { classOf } from './object-class.ts';
import { renderPrivilegeStatement } from './privilege-statement.ts';
import { nameIn, tokensOf } from './sql-text.ts';

/** Owners, privileges or settings of one object that are not as they were. */
export interface PrivilegesDifference {
  /** `privileges of table public.orders`. */
  readonly object: string;
  /** Statements of the one that the other lacks; `nothing` where there are none. */
  readonly expected: string;
  readonly found: string;
}

export interface PrivilegesComparison {
  /** Roles of `found` that stand for roles of `wanted`. */
  readonly ownerMap: OwnerMap;
  /** The comment of the database is somebody else's. */
  readonly ignoreComment: boolean;
  /** Only a part is there: what is absent was not asked for, or is named elsewhere, and schemas were made for it. */
  readonly isPart: boolean;
}

/**
 * Holds the owners and privileges of a database against those that an artifact keeps: both are what the same program wrote
 * of a database, so that the statements of one are those of the other. Pure, but for what it throws.
 * @throws Failure `dump-unusable`
 */
export function comparePrivileges(
  wanted: KeptPrivileges,
  found: KeptPrivileges,
  { ownerMap, ignoreComment, isPart }: PrivilegesComparison,
): readonly PrivilegesDifference[] {
  const here = spelled(found, new Map(), ignoreComment);
  const there = spelled(wanted, ownerMap, ignoreComment);
  const differences = new Map<string, { expected: string[]; found: string[] }>();
  const note = (side: 'expected' | 'found', { object, text }: Spelled): void => {
    const entry = differences.get(object) ?? { expected: [], found: [] };
    entry[side].push(text);
    differences.set(object, entry);
  };
  for (const [key, statement] of there) if (!here.has(key) && !isPart) note('expected', statement);
  const spokenOf = new Set([...there.values()].map(({ object }) => object));
  for (const [key, statement] of here)
    if (!there.has(key) && (!isPart || spokenOf.has(statement.object))) note('found', statement);
  return [...differences].map(([object, sides]) => ({
    object,
    expected: sides.expected.join('; ') || 'nothing',
    found: sides.found.join('; ') || 'nothing',
  }));
}

interface Spelled {
  readonly object: string;
  readonly text: string;
}

/** Statements by what they come to, however they are spelled. */
function spelled(
  privileges: KeptPrivileges,
  ownerMap: OwnerMap,
  ignoreComment: boolean,
): ReadonlyMap<string, Spelled> {
  const all = new Map<string, Spelled>();
  for (const statement of keptStatements(privileges)) {
    const { encoding, tokens } = statement;
    if (ignoreComment && tokens[0]?.text.toLowerCase() === 'comment') continue;
    const role = (name: string): string => {
      const other = ownerMap.get(legible(name, encoding));
      return other === undefined ? name : Buffer.from(other).toString('latin1');
    };
    const sql = renderPrivilegeStatement(statement, { database: 'the database', role });
    const grantor = statement.grantor === undefined ? '' : ` by ${role(statement.grantor)}`;
    all.set(legible(`${inOneSpelling(sql, statement)}${grantor}`, encoding), {
      object: objectOf(statement),
      text: legible(`${sql}${grantor}`, encoding),
    });
  }
  return all;
}

function inOneSpelling(sql: string, { kind, object }: KeptStatement): string {
  const words = (tokensOf(sql) ?? []).map((token) =>
    token.kind === 'word' || token.kind === 'quoted' ? nameIn(token) : token.text,
  );
  // What is owned may be called a table, whatever it is.
  const skipped = kind === 'owner' ? 1 + object.kind.split(' ').length : 0;
  return JSON.stringify([classOf(object.kind), ...words.slice(skipped)]);
}

function objectOf({ kind, object, owner, encoding }: KeptStatement): string {
  if (object.kind === 'DATABASE') return 'owner, privileges and settings of the database';
  if (kind === 'default-privileges') return `default privileges of ${legible(owner ?? '', encoding)}`;
  const what = kind === 'owner' ? 'owner' : 'privileges';
  return `${what} of ${object.kind.toLowerCase()} ${legible(object.name, encoding)}`;
}

import { quoteIdentifier, quoteLiteral } from './identifier.ts';

/** NAMEDATALEN - 1: what a name may have in bytes. */
export const nameBytes = 63;

/** Two databases of one server that change places. */
export interface DatabaseSwap {
  /** The name that clients connect to; it stays, with another database behind it. */
  readonly live: string;
  /** The database that gets that name. */
  readonly next: string;
  /** The name that the database behind `live` gets. */
  readonly keepAs: string;
  /** Comment of the new one, when it is to have another. */
  readonly comment?: { readonly text: string | null };
}

/** Nobody can connect from here on; whoever is connected stays. */
export function closeStatement(database: string): string {
  return `alter database ${quoteIdentifier(database)} with allow_connections false`;
}

export function openStatement(database: string): string {
  return `alter database ${quoteIdentifier(database)} with allow_connections true`;
}

/** What is to happen in one transaction: both renames, and both databases accept connections. */
export function exchangeStatements({ live, next, keepAs, comment }: DatabaseSwap): readonly string[] {
  return [
    `alter database ${quoteIdentifier(live)} rename to ${quoteIdentifier(keepAs)}`,
    `alter database ${quoteIdentifier(next)} rename to ${quoteIdentifier(live)}`,
    openStatement(keepAs),
    openStatement(live),
    ...(comment === undefined
      ? []
      : [
          `comment on database ${quoteIdentifier(live)} is ${comment.text === null ? 'null' : quoteLiteral(comment.text)}`,
        ]),
  ];
}

/** What is to happen in one transaction where no database bears the live name; a note of the restore's goes. */
export function vacantStatements({ live, next }: Pick<DatabaseSwap, 'live' | 'next'>): readonly string[] {
  return [
    `alter database ${quoteIdentifier(next)} rename to ${quoteIdentifier(live)}`,
    openStatement(live),
    `comment on database ${quoteIdentifier(live)} is null`,
  ];
}

/** The same for a person at psql, connected to a third database, one statement a line. */
export function swapScript(swap: DatabaseSwap): readonly string[] {
  const names = [swap.live, swap.next].map(quoteLiteral).join(', ');
  const statements = [
    closeStatement(swap.live),
    `select pg_terminate_backend(pid) from pg_stat_activity where datname in (${names}) and pid <> pg_backend_pid()`,
    'begin',
    ...exchangeStatements(swap),
    'commit',
  ];
  return statements.map((statement) => `${statement};`);
}

/** The way back from a swap. */
export function reverseSwap({ live, keepAs }: DatabaseSwap, at: Date): DatabaseSwap {
  return { live, next: keepAs, keepAs: datedName(live, 'failed', at) };
}

/**
 * `<database>_<word>_<YYYYMMDDTHHMMSS>` in UTC, at most 63 bytes: of a long name the beginning is kept, in whole
 * characters.
 */
export function datedName(database: string, word: string, at: Date): string {
  const suffix = `_${word}_${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}`;
  let base = '';
  for (const character of database) {
    if (Buffer.byteLength(base + character + suffix) > nameBytes) break;
    base += character;
  }
  return base + suffix;
}

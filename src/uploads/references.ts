import { Failure } from '../base/failure.ts';
import type { Session } from '../postgres/connect.ts';
import { quoteIdentifier } from '../postgres/identifier.ts';

/** A file that a row names. */
export interface Reference {
  readonly key: string;
  /** Bytes; undefined where the query does not say, or says null. */
  readonly bytes: number | undefined;
  /** Hex, lower case. */
  readonly sha256: string | undefined;
  readonly md5: string | undefined;
}

/** Rows fetched at once. */
const pageRows = 2000;
const sizeNames = ['size', 'size_bytes', 'bytes'] as const;

export interface ReferenceReader {
  /** `sha256` or `md5`, when the query gives one. */
  readonly hash: 'sha256' | 'md5' | undefined;
  /** In the order of the keys' bytes in UTF-8, a page of rows in memory; rows without a key are left out. */
  rows(): AsyncGenerator<Reference>;
}

/** Whose query it is: for messages, and what a query without a column `key` is told. */
export interface QueryKind {
  readonly name: 'references' | 'keys';
  readonly code: 'environment-incomplete' | 'usage';
  readonly example: string;
}

export const ofReferences: QueryKind = {
  name: 'references',
  code: 'environment-incomplete',
  example: 'uploads: { references: select storage_key as key, size_bytes as size from order_photos }',
};

export const ofKeys: QueryKind = {
  name: 'keys',
  code: 'usage',
  example: 'keys: select storage_key as key from order_photos where order_id = 4711',
};

/**
 * Opens a query of references through a cursor of a read-only transaction, sorted as S3 lists. Its columns are `key`,
 * and if it likes `size` (or `size_bytes`), `sha256`, `md5`.
 * @throws Failure `postgres-*`; the kind's own for a query without a column `key`
 */
export async function openReferences(
  session: Session,
  sql: string,
  { name, code, example }: QueryKind = ofReferences,
): Promise<ReferenceReader> {
  const doing = `reading the ${name}`;
  // On a line of its own, because the query may end in a comment.
  const inner = `(${sql.trim().replace(/;+$/, '')}\n) as r`;
  await session.query('begin isolation level repeatable read read only');
  const { columns } = await session.statement(`select * from ${inner} limit 0`, doing);
  const names = new Set(columns.map((column) => column.name));
  if (!names.has('key')) {
    throw new Failure(code, `the query of ${name} gives no column 'key'`, { hint: example });
  }
  const size = sizeNames.find((one) => names.has(one));
  const chosen = (column: string | undefined): string =>
    column !== undefined && names.has(column) ? `r.${quoteIdentifier(column)}::text` : 'null::text';
  // convert_to, and not the collation "C": that goes by the bytes of the server's own encoding.
  await session.statement(
    `declare run_plan_references no scroll cursor for
     select r.key::text, ${chosen(size)}, lower(${chosen('sha256')}), lower(${chosen('md5')})
       from ${inner} where r.key is not null order by convert_to(r.key::text, 'UTF8')`,
    doing,
  );
  return {
    hash: names.has('sha256') ? 'sha256' : names.has('md5') ? 'md5' : undefined,
    rows: async function* () {
      for (;;) {
        const { rows } = await session.statement(`fetch ${pageRows} from run_plan_references`);
        for (const [key, bytes, sha256, md5] of rows) {
          yield {
            key: key ?? '',
            bytes: bytes === null || bytes === undefined ? undefined : Number(bytes),
            sha256: sha256 ?? undefined,
            md5: md5 ?? undefined,
          };
        }
        if (rows.length < pageRows) return;
      }
    },
  };
}

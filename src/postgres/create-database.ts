import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier, quoteLiteral } from './identifier.ts';

/** How a new database stores and sorts text; what is absent is the server's own default. */
export interface NewDatabaseLocale {
  readonly encoding?: string;
  readonly collation?: string;
  readonly characterType?: string;
  /** Locale of ICU, when that is what it sorts by. */
  readonly icu?: string | null;
}

/**
 * Makes an empty database that stores and sorts text as the dumped one did. A server that lacks the locale makes it with
 * its own default; that is the warning that comes back.
 * @throws Failure `postgres-*`
 */
export async function createDatabase(
  session: Session,
  name: string,
  locale: NewDatabaseLocale,
): Promise<string | undefined> {
  const create = `create database ${quoteIdentifier(name)} template template0`;
  const encoding = locale.encoding === undefined ? '' : ` encoding ${quoteLiteral(locale.encoding)}`;
  try {
    await session.query(`${create}${encoding}${localeClauses(locale)}`, [], `creating the database ${name}`);
    return undefined;
  } catch (error) {
    if (!isLocaleError(error)) throw error;
    await session.query(`${create}${encoding}`, [], `creating the database ${name}`);
    return `the server has no locale ${locale.collation ?? ''}: ${name} sorts text as the server's default does`;
  }
}

function localeClauses({ collation, characterType = collation, icu }: NewDatabaseLocale): string {
  return [
    collation === undefined ? '' : ` lc_collate ${quoteLiteral(collation)}`,
    characterType === undefined ? '' : ` lc_ctype ${quoteLiteral(characterType)}`,
    icu === undefined || icu === null ? '' : ` locale_provider icu icu_locale ${quoteLiteral(icu)}`,
  ].join('');
}

/**
 * SQLSTATEs by which servers of every major refuse a locale, or an encoding that does not fit it:
 * invalid_parameter_value, wrong_object_type, undefined_object, feature_not_supported, syntax_error (a server before ICU).
 */
const localeStates = ['22023', '42809', '42704', '0A000', '42601'];

function isLocaleError(error: unknown): boolean {
  return error instanceof Failure && localeStates.includes(error.fields.sqlstate ?? '');
}

import type { Session } from './connect.ts';

/** Settings of a session by their names, as `set_config` takes them. */
export type Settings = Readonly<Record<string, string>>;

/**
 * What every session of ours and of our programs begins with: nothing that an operator has set for the role, the
 * database or the server can end a statement, forbid or misplace a write, or change what a value reads like. Every server
 * since 9.6 knows these and lets every role set them, so that they hold before the first statement.
 */
const firm: Settings = {
  // Each step has deadlines of its own.
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  default_transaction_isolation: 'read committed',
  // `alter role … set role` would make somebody else of us.
  role: 'none',
  row_security: 'on',
  default_tablespace: '',
  local_preload_libraries: '',
  client_min_messages: 'warning',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  array_nulls: 'on',
  quote_all_identifiers: 'off',
  gin_fuzzy_search_limit: '0',
  DateStyle: 'ISO,MDY',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  xmloption: 'content',
  xmlbinary: 'base64',
};

/** The same of later servers, each with the major that brought it: a server that does not know one refuses the session. */
const firmSince: readonly (readonly [major: number, name: string, value: string])[] = [
  [12, 'tcp_user_timeout', '0'],
  [14, 'idle_session_timeout', '0'],
  [17, 'transaction_timeout', '0'],
];

/** With these on a server leaves out or gives garbled what it cannot read, and says so to nobody. Superusers alone may set them. */
export const firmOfDamage: Settings = { zero_damaged_pages: 'off', ignore_checksum_failure: 'off' };

/** The same that superusers alone may set. Messages are in English, so that those of pg_restore can be understood. */
const firmOfSuperusers: Settings = {
  ...firmOfDamage,
  lc_messages: 'C',
  session_replication_role: 'origin',
  temp_file_limit: '-1',
};

/** Where names without a schema are looked up: the server's own default. */
const namesAsUsual: Settings = { search_path: '"$user", public' };

/**
 * What a session begins with. `operator`: its statements are an operator's own, and mean the names that the role's and the
 * database's search path has for them.
 */
export function settingsAtStart(operator: boolean): Settings {
  return operator ? firm : { ...firm, ...namesAsUsual };
}

/** What follows once the server has said what it knows. */
export const settingsByMajor: Settings = {
  ...Object.fromEntries(firmSince.map(([, name, value]) => [name, value])),
  ...firmOfDamage,
};

/** What the sessions of a program begin with, which cannot ask the server first. */
export function settingsOfProgram(server: { readonly major: number; readonly superuser: boolean }): Settings {
  const known = firmSince.filter(([major]) => major <= server.major);
  return {
    ...settingsAtStart(false),
    ...Object.fromEntries(known.map(([, name, value]) => [name, value])),
    ...(server.superuser ? firmOfSuperusers : {}),
  };
}

/** Settings as the start of a session takes them: `-c name=value`, blanks and backslashes with a backslash before them. */
export function renderOptions(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\s\\]/g, String.raw`\$&`)}`)
    .join(' ');
}

/**
 * What a session that reads a whole database has beside that. Hidden rows would be missing without a word; parallel
 * workers and JIT take processors from the dump beside it; the formats are those of pg_dump, so that rows read as text
 * are the same text on every server.
 */
const readerSettings: Settings = {
  ...firm,
  row_security: 'off',
  search_path: '',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  synchronize_seqscans: 'on',
  // A backend in a long count sees within seconds that its client is gone.
  client_connection_check_interval: '5000',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  lc_monetary: 'C',
};

/** Sets what a reading session needs; settings that the server's version does not know are passed over. */
export async function applyReaderSettings(session: Session): Promise<void> {
  await session.query(`select ${setKnown('$1')}`, [JSON.stringify(readerSettings)], 'preparing the session');
}

/** The SQL expression that sets those of a JSON object's settings that the server knows and lets the role set. */
export function setKnown(json: string): string {
  return `(select count(set_config(known.name, wanted.value, false))
             from json_each_text(${json}) as wanted (name, value)
             join pg_catalog.pg_settings as known on lower(known.name) = lower(wanted.name)
            where known.context <> 'superuser'
               or (select rolsuper from pg_catalog.pg_roles where rolname = session_user))`;
}

import type { Session } from './connect.ts';

/**
 * What a session that reads a whole database must not inherit from the role or the server. Time limits would end it;
 * hidden rows would be missing without a word; parallel workers and JIT take processors from the dump beside it; the
 * formats are those of pg_dump, so that rows read as text are the same text on every server.
 */
const readerSettings: Readonly<Record<string, string>> = {
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  row_security: 'off',
  search_path: '',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  synchronize_seqscans: 'on',
  // A backend in a long count sees within seconds that its client is gone.
  client_connection_check_interval: '5000',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  lc_monetary: 'C',
};

/** Sets what a reading session needs; settings that the server's version does not know are passed over. */
export async function applyReaderSettings(session: Session): Promise<void> {
  await session.query(
    `select set_config(known.name, wanted.value, false)
       from json_each_text($1) as wanted (name, value)
       join pg_settings as known on lower(known.name) = lower(wanted.name)`,
    [JSON.stringify(readerSettings)],
    'preparing the session',
  );
}

import { expect, test } from 'vitest';
import {
  customDumpStage,
  directoryDumpStage,
  dumpEncodings,
  globalsStage,
  parseFinishedItem,
  type DumpCommand,
} from '../../../src/postgres/dump-command.ts';

const command: DumpCommand = {
  tools: {
    major: 15,
    version: '15.18',
    pgDump: '/bin/pg_dump',
    pgRestore: '/bin/pg_restore',
    pgDumpall: '/bin/pg_dumpall',
    psql: '/bin/psql',
    vacuumdb: '/bin/vacuumdb',
  },
  database: 'shop',
  environment: { PGPASSFILE: '/private/pgpass' },
  encoding: 'LATIN1',
  snapshot: '00000003-0000001B-1',
  standby: false,
  largeObjects: false,
  selection: [],
};

test('no dump carries owners, privileges or the creation of its database', () => {
  for (const stage of [
    customDumpStage(command),
    directoryDumpStage(command, { folder: '/scratch', jobs: 4 }, () => undefined),
  ]) {
    expect(stage.arguments).toEqual(
      expect.arrayContaining(['--no-owner', '--no-privileges', '--no-password']),
    );
    expect(stage.arguments.some((argument) => /^(--create|-C)$/.test(argument))).toBe(false);
    expect(stage.arguments).toContain('--snapshot=00000003-0000001B-1');
  }
});

test.each([
  ['LATIN1', ['UTF8', 'LATIN1']],
  ['UTF8', ['UTF8']],
  ['SQL_ASCII', ['SQL_ASCII']],
  ['MULE_INTERNAL', ['MULE_INTERNAL']],
])('a dump of a database in %s is tried in %s', (encoding, wanted) => {
  expect(dumpEncodings(encoding)).toEqual(wanted);
});

test('pg_dump and pg_dumpall are told the encoding', () => {
  for (const stage of [customDumpStage(command), globalsStage(command)])
    expect(stage.arguments).toContain('--encoding=LATIN1');
});

test('a standby’s unlogged tables are left out', () => {
  expect(customDumpStage({ ...command, standby: true }).arguments).toContain('--no-unlogged-table-data');
});

test('a table is finished when pg_dump says so, whatever its name', () => {
  expect(parseFinishedItem('pg_dump: finished item 3021 TABLE DATA orders')).toBe('3021');
  expect(parseFinishedItem('pg_dump: finished item 3021 TABLE DATA finished item 7')).toBe('3021');
  expect(parseFinishedItem('pg_dump: pg_dump: finished item 3021 TABLE DATA orders')).toBe('3021');
  expect(parseFinishedItem(' finished item 3021 TABLE DATA orders')).toBe('3021');
  expect(parseFinishedItem('pg_dump: finished item 9 BLOBS BLOBS')).toBeUndefined();
  expect(parseFinishedItem('pg_dump: dumping contents of table "public.orders"')).toBeUndefined();
});

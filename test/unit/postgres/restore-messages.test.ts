import { describe, expect, test } from 'vitest';
import { harmlessReason } from '../../../src/postgres/harmless-messages.ts';
import { failureOfRestore, isOfOneObject } from '../../../src/postgres/restore-failure.ts';
import { readRestoreLine } from '../../../src/postgres/restore-line.ts';
import { createRestoreMessages, type RestoreMessages } from '../../../src/postgres/restore-messages.ts';

function read(text: string): RestoreMessages {
  const messages = createRestoreMessages();
  for (const line of text.split('\n')) messages.add(line);
  messages.end();
  return messages;
}

const publicExists = `pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 6; 2615 2200 SCHEMA public postgres
pg_restore: error: could not execute query: ERROR:  schema "public" already exists
Command was: CREATE SCHEMA public;


pg_restore: warning: errors ignored on restore: 1`;

describe('messages of pg_restore', () => {
  test('a harmless error explains an exit status when pg_restore counted as many', () => {
    const messages = read(publicExists);
    expect(messages.harmful).toEqual([]);
    expect(messages.harmless).toMatchObject([
      { object: 'SCHEMA public postgres', statement: 'CREATE SCHEMA public;' },
    ]);
    expect(messages.isExplained()).toBe(true);
    expect(read(publicExists.replace('restore: 1', 'restore: 2')).isExplained()).toBe(false);
    expect(read(publicExists.replace(/\n[^\n]*$/, '')).isExplained()).toBe(false);
  });

  test('details, hints and statements of several lines belong to their error', () => {
    const { harmful } = read(`pg_restore: from TOC entry 3; 1259 1 TABLE orders app
pg_restore: error: could not execute query: ERROR:  relation "orders" already exists
DETAIL:  first
HINT:  second
Command was: CREATE TABLE public.orders (
    id integer,
    note text
);

pg_restore: creating TABLE "public.later"`);
    expect(harmful).toEqual([
      {
        object: 'TABLE orders app',
        message: 'relation "orders" already exists\nDETAIL:  first\nHINT:  second',
        statement: 'CREATE TABLE public.orders (\n    id integer,\n    note text\n);',
      },
    ]);
  });

  test('a failed COPY names its table, with the context', () => {
    expect(
      read(`pg_restore: error: COPY failed for table "orders": ERROR:  invalid input syntax for type integer: "x"
CONTEXT:  COPY orders, line 3, column id: "x"`).harmful,
    ).toMatchObject([{ object: 'TABLE DATA orders', statement: '' }]);
  });

  test('lines of other workers do not cut an error off, and their pieces do not hide one', () => {
    const { harmful, harmless } = read(`pg_restore: from TOC entry 6; 2615 2200 SCHEMA public postgres
pg_restore: error: pg_restore: launching item 7 TABLE DATA t7
could not execute query: ERROR:  schema "public" already exists
 finished item 5 TABLE DATA t5
Command was: CREATE SCHEMA public;
pg_restore:pg_restore:  error: could not execute query: ERROR:  out of memory
pg_restore: finished item 7 TABLE DATA t7
Command was: CREATE INDEX t ON t (x);`);
    expect(harmless).toMatchObject([{ statement: 'CREATE SCHEMA public;' }]);
    expect(harmful).toMatchObject([{ message: 'out of memory', statement: 'CREATE INDEX t ON t (x);' }]);
  });

  test('its own errors have no object of another', () => {
    const { harmful } = read(`${publicExists.split('\n').slice(0, 4).join('\n')}
pg_restore: error: could not read from input file: end of file`);
    expect(harmful).toMatchObject([{ object: '', message: 'could not read from input file: end of file' }]);
  });

  test('each error is told when it begins, a harmful one when it is whole', () => {
    const heard: string[] = [];
    const messages = createRestoreMessages({
      onError: () => heard.push('error'),
      onHarmful: ({ message }) => heard.push(message),
    });
    messages.add('psql:<stdin>:12: ERROR:  relation "t" does not exist');
    expect(heard).toEqual(['error']);
    messages.end();
    messages.end();
    expect(heard).toEqual(['error', 'relation "t" does not exist']);
  });
});

test.for([
  [
    'pg_restore:pg_restore:  launching item 12 TABLE DATA a b',
    'progress',
    'launching item 12 TABLE DATA a b',
  ],
  [' finished item 12 INDEX i', 'progress', 'finished item 12 INDEX i'],
  ['processing data for table "public.t"', 'more', 'processing data for table "public.t"'],
  ['    finished := true;', 'more', '    finished := true;'],
  ['pg_restore: [archiver (db)] error: no', 'error', 'no'],
  ['pg_restore: hint: try', 'more', 'hint: try'],
  ['pg_restore: warning: line ignored: x', 'said', 'line ignored: x'],
] as const)('reads %j', ([line, kind, text]) => {
  expect(readRestoreLine(line)).toEqual({ kind, text });
});

const harmless: readonly (readonly [message: string, statement: string])[] = [
  ['schema "public" already exists', 'CREATE SCHEMA public;'],
  [
    'cannot drop schema public because other objects depend on it\nDETAIL:  x',
    'DROP SCHEMA IF EXISTS public;',
  ],
  ['must be owner of schema public', "COMMENT ON SCHEMA public IS 'standard public schema';"],
  ['must be owner of extension uuid-ossp', 'COMMENT ON EXTENSION "uuid-ossp" IS \'x\';'],
  ['unrecognized configuration parameter "transaction_timeout"', 'SET transaction_timeout = 0;'],
  ['role "o"brien" already exists', ''],
  ['tablespace "fast" already exists', ''],
  ['role "of two\n---"; lines" already exists', ''],
  ['language "plpgsql" already exists', 'CREATE PROCEDURAL LANGUAGE plpgsql;'],
];

test.for(harmless)('%j does no harm', ([message, statement]) => {
  expect(harmlessReason({ object: '', message, statement })).toEqual(expect.any(String));
});

test.for([
  ['schema "publications" already exists', 'CREATE SCHEMA publications;'],
  ['schema "public" already exists', 'ALTER SCHEMA other RENAME TO public;'],
  ['cannot drop schema publications because other objects depend on it', 'DROP SCHEMA publications;'],
  ['must be owner of schema publications', "COMMENT ON SCHEMA publications IS 'x';"],
  ['must be owner of extension hstore', 'DROP EXTENSION hstore;'],
  ['unrecognized configuration parameter "app.tenant"', 'SET app.tenant = 1;'],
  [
    'unrecognized configuration parameter "transaction_timeout"',
    'ALTER DATABASE x SET transaction_timeout = 0;',
  ],
  ['role "app" does not exist', 'CREATE POLICY p ON t TO app;'],
  ['relation "role "x" already exists" already exists', 'CREATE TABLE t ();'],
  ['language "plperl" already exists', 'CREATE PROCEDURAL LANGUAGE plperl;'],
] as const)('%j is not taken for harmless', ([message, statement]) => {
  expect(harmlessReason({ object: '', message, statement })).toBeUndefined();
});

test.for([
  ['could not extend file "base/1/2": No space left on device', 'space-missing'],
  ['COPY failed for table "t": could not extend file "base/1/2": No space left on device', 'space-missing'],
  ['extension "postgis" is not available\nDETAIL:  x', 'extension-missing'],
  ['server closed the connection unexpectedly', 'postgres-connection-lost'],
  ['terminating connection due to administrator command', 'postgres-connection-lost'],
  [
    'connection to server at "db", port 5432 failed: FATAL:  the database system is starting up',
    'postgres-unreachable',
  ],
  ['unsupported version (1.16) in file header', 'tool-missing'],
  ['input file does not appear to be a valid archive', 'dump-unusable'],
  ['could not read from input file: end of file', 'dump-unusable'],
  ['permission denied for schema x', 'postgres-permission'],
  ['role "app" does not exist', 'restore-failed'],
  ['duplicate key value\nDETAIL:  Key (note)=(No space left on device) already exists.', 'restore-failed'],
  ['could not find a function named "f"', 'restore-failed'],
] as const)('%j is %s', ([message, code]) => {
  const failure = failureOfRestore(
    [
      { object: '', statement: '', message },
      { object: '', statement: '', message: 'x' },
    ],
    'db',
  );
  expect(failure).toMatchObject({ code, message: expect.stringContaining('(and 1 more errors)') as string });
});

describe('errors after which a restore goes on', () => {
  function reading(text: string): RestoreMessages {
    const messages = createRestoreMessages({ setsAside: isOfOneObject });
    for (const line of text.split('\n')) messages.add(line);
    messages.end();
    return messages;
  }

  const refused = `pg_restore: from TOC entry 3208; 1259 16400 INDEX cities_by_name postgres
pg_restore: error: could not execute query: ERROR:  function unaccent(unknown, text) does not exist
Command was: CREATE INDEX cities_by_name ON public.cities (public.f_unaccent(name));
`;

  test('are set aside with the ids that were told, and explain the exit status', () => {
    const messages = reading(`${refused}pg_restore: warning: errors ignored on restore: 1`);
    expect(messages.setAside).toMatchObject([{ id: '3208', told: ['3208'] }]);
    expect(messages.harmful).toEqual([]);
    expect(messages.isExplained()).toBe(true);
  });

  test('of workers count once more, and each of two that are told side by side is known', () => {
    const messages = reading(`pg_restore: entering main parallel loop
pg_restore: from TOC entry 12; 1259 1 INDEX a app
pg_restore: pg_restore: from TOC entry 13; 1259 2 INDEX b app
error: could not execute query: ERROR:  function f() does not exist
Command was: CREATE INDEX a ON t (g());
pg_restore: error: could not execute query: ERROR:  function f() does not exist
Command was: CREATE INDEX b ON t (g());
pg_restore: finished main parallel loop
pg_restore: warning: errors ignored on restore: 4`);
    expect(new Set(messages.setAside.flatMap(({ told }) => told))).toEqual(new Set(['12', '13']));
    expect(messages.isExplained()).toBe(true);
  });

  test('that nobody has read are not explained', () => {
    expect(reading(`${refused}pg_restore: warning: errors ignored on restore: 2`).isExplained()).toBe(false);
  });
});

test.for([
  ['INDEX i app', 'CREATE INDEX i ON t (x);', 'could not create unique index "i"', true],
  ['TABLE t app', 'CREATE TABLE t ();', 'type "public.x" does not exist', true],
  [
    'PUBLICATION p app',
    'CREATE PUBLICATION p;',
    'must be superuser to create FOR ALL TABLES publication',
    true,
  ],
  ['TABLE DATA t', '', 'function is_fine(text) does not exist\nCONTEXT:  COPY t, line 1', true],
  ['TABLE DATA t', '', 'relation "of two\nlines" does not exist\nCONTEXT:  COPY t, line 1', true],
  ['TABLE DATA t', '', 'duplicate key\nDETAIL:  Key (x)=(it\ndoes not exist) already exists.', false],
  ['TABLE DATA t', '', 'invalid input syntax for type integer: "x does not exist"\nCONTEXT:  COPY t', false],
  ['TABLE DATA t', '', 'duplicate key value violates unique constraint "t_pkey"', false],
  ['TABLE t app', 'CREATE TABLE t ();', 'permission denied for schema public', false],
  [
    'INDEX i app',
    'CREATE INDEX i ON t (x);',
    'could not extend file "base/1/2": No space left on device',
    false,
  ],
  ['INDEX i app', 'DROP INDEX i;', 'cannot drop index i because other objects depend on it', false],
  [
    'CONSTRAINT t c app',
    'ALTER TABLE IF EXISTS ONLY public.t DROP CONSTRAINT c;',
    'cannot drop constraint c',
    false,
  ],
  ['EXTENSION x', 'CREATE EXTENSION x;', 'extension "x" is not available', false],
  ['BLOB 1 app', 'SELECT lo_create(1);', 'duplicate key value', false],
  ['', '', 'could not read from input file: end of file', false],
] as const)('whether a restore goes on after %s, %s: %s', ([object, statement, message, expected]) => {
  expect(isOfOneObject({ object, statement, message })).toBe(expected);
});

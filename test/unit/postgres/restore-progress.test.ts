import { expect, test } from 'vitest';
import { createDumpListing } from '../../../src/postgres/dump-listing.ts';
import { createRestoreProgress } from '../../../src/postgres/restore-progress.ts';

function follow(lines: readonly string[]) {
  const heard: string[] = [];
  const progress = createRestoreProgress({
    onBegun: () => heard.push('begun'),
    onLaunch: (id) => heard.push(`launch ${id}`),
    onLoaded: (count) => heard.push(`loaded ${count}`),
    onLater: (what, count) => heard.push(`${what} ${count}`),
  });
  for (const line of lines) progress.add(line);
  return { heard, progress };
}

test('one process: rows are there when it turns to something else, large objects after the last of them', () => {
  const { heard, progress } = follow([
    'pg_restore: connecting to database for restore',
    'pg_restore: creating TABLE "public.t"',
    'pg_restore: processing data for table "public.t"',
    'pg_restore: processing BLOBS',
    'pg_restore: restoring large object with OID 1',
    'pg_restore: restoring large object with OID 2',
    'pg_restore: restored 2 large objects',
    'pg_restore: executing SEQUENCE SET s',
    'pg_restore: creating CONSTRAINT "public.t t_pkey"',
    'pg_restore: creating EVENT TRIGGER "watch"',
    'pg_restore: creating PUBLICATION TABLE "public.p t"',
    'pg_restore: processing data for table "public.last"',
  ]);
  expect(heard).toEqual([
    'begun',
    'loaded 1',
    'loaded 2',
    'constraint public.t t_pkey 1',
    'event trigger watch 2',
    'publication table public.p t 3',
  ]);
  progress.end();
  progress.end();
  expect(progress.loaded()).toBe(3);
});

test('many processes, whose pieces mix: each table is launched and finished once', () => {
  const { heard } = follow([
    'pg_restore: processing item 1 ENCODING ENCODING',
    'pg_restore: creating TABLE "public.t"',
    'pg_restore: entering main parallel loop',
    'pg_restore:pg_restore:  launching item 7 TABLE DATA a',
    'processing data for table "public.a"',
    'pg_restore: launching item 7 TABLE DATA a',
    'pg_restore: processing data for table "public.a"pg_restore: launching item 8 BLOBS BLOBS',
    ' finished item 7 TABLE DATA a',
    'pg_restore: finished item 7 TABLE DATA a',
    'pg_restore: launching item 9 INDEX i',
    'pg_restore: creating INDEX "public.i"',
    'pg_restore: finished item 8 BLOBS BLOBS',
  ]);
  expect(heard).toEqual(['begun', 'launch 7', 'launch 8', 'loaded 1', 'index i 1', 'loaded 2']);
});

test('a list of contents tells what a restore wants to know', () => {
  const listing = createDumpListing();
  for (const line of `;
; Archive created at 2025-01-01 00:00:00 UTC
;     dbname: shop
;     TOC Entries: 12
;     Format: CUSTOM
;     Dumped from database version: 15.18 (Debian 15.18-0+deb12u1)
;     Dumped by pg_dump version: 16.2
;
2; 3079 16385 EXTENSION - uuid-ossp 
214; 1259 16390 TABLE billing a b app
215; 1259 16391 TABLE ATTACH public part app
216; 1259 16392 SEQUENCE public s app
217; 0 0 SEQUENCE OWNED BY public s app
218; 0 0 VIEW public v app
3500; 0 16390 TABLE DATA billing a b app
3501; 0 0 BLOBS - BLOBS 
3502; 0 0 SEQUENCE SET public s app
3503; 2606 1 CONSTRAINT public t t_pkey app
3504; 0 0 MATERIALIZED VIEW DATA public m app
3505; 1262 1 DATABASE - shop app`.split('\n'))
    listing.add(line);
  expect(listing.read()).toEqual({
    dumpMajor: 16,
    serverMajor: 15,
    serverVersion: '15.18 (Debian 15.18-0+deb12u1)',
    format: 'CUSTOM',
    creates: 'DATABASE - shop app',
    extensions: ['uuid-ossp'],
    entries: 12,
    dataEntries: 2,
    laterEntries: 2,
    sequences: ['3502'],
    tables: new Map([['3500', { words: 'billing a b app' }]]),
    ids: '2 214 215 216 217 218 3500 3501 3502 3503 3504 3505'.split(' '),
    words: expect.any(Map) as Map<string, string>,
    relations: ['billing a b app', 'public s app', 'public v app'],
  });
  expect(listing.read().words.get('3503')).toBe('CONSTRAINT public t t_pkey app');
});

test('rows of a table whose COPY failed count as loaded, and the error is counted', () => {
  const { heard, progress } = follow([
    'pg_restore: processing data for table "public.t"',
    'pg_restore: error: COPY failed for table "t": ERROR:  new row violates check constraint "c"',
    'DETAIL:  Failing row contains (1).',
    'pg_restore: creating CONSTRAINT "public.t t_pkey"',
  ]);
  expect(heard.filter((what) => what !== 'begun')).toEqual(['loaded 1', 'constraint public.t t_pkey 1']);
  expect(progress.errors()).toBe(1);
});

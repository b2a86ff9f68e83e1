import { expect, test } from 'vitest';
import { createIndexListing } from '../../../src/postgres/listed-indexes.ts';

test('an index waits for the rows of its own tables alone; what needs more is left for the end', () => {
  const ids = new Set('10 11 12 13 14 15 20 21 22 23 30 31 32 33 34 35 36 37 38 39'.split(' '));
  const listing = createIndexListing(ids);
  for (const line of `
3497; 1262 1 DATABASE - shop app
9; 1259 1 TABLE other first app
10; 1259 1 TABLE public orders app
11; 1259 2 TABLE public items app
12; 1259 3 TABLE public events app
13; 1259 4 TABLE public events_1 app
;	depends on: 12
14; 1259 5 MATERIALIZED VIEW public totals app
15; 1255 6 FUNCTION public lower_case(text) app
19; 0 1 TABLE DATA other first app
;	depends on: 9
20; 0 1 TABLE DATA public orders app
;	depends on: 10
21; 0 0 BLOBS - BLOBS 
22; 0 2 TABLE DATA public items app
;	depends on: 11
23; 0 4 TABLE DATA public events_1 app
;	depends on: 13
29; 2606 7 CONSTRAINT other first first_pkey app
;	depends on: 9
30; 2606 7 CONSTRAINT public orders orders_pkey app
;	depends on: 10
31; 1259 8 INDEX public items_name app
;	depends on: 11 11 15
38; 0 0 COMMENT public INDEX items_name app
;	depends on: 31
39; 0 0 SECURITY LABEL public INDEX items_name app
;	depends on: 31
32; 1259 9 INDEX public events_at app
;	depends on: 12
33; 1259 10 INDEX public events_1_at app
;	depends on: 13 32
34; 1259 11 INDEX public totals_n app
;	depends on: 14
35; 1259 12 INDEX public events_1_alone app
;	depends on: 13
36; 2606 13 FK CONSTRAINT public items items_order_fkey app
;	depends on: 10 30 11
37; 0 0 COMMENT - INDEX items_order_fkey
;	depends on: 31`.split('\n'))
    listing.add(line);
  expect(listing.read()).toEqual([
    { ids: ['30'], tables: [1], after: [], isAlone: true },
    { ids: ['31', '38', '39'], tables: [3], after: [], isAlone: false },
    { ids: ['35'], tables: [4], after: [], isAlone: false },
    { ids: ['36'], tables: [1, 3], after: ['30'], isAlone: true },
  ]);
});

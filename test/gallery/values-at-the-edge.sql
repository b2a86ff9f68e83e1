-- Values at the edge of their types: infinities, NaN, eras, nulls in arrays, a megabyte in one field, JSON of every form
create table edges (id int primary key, f float8, g float4, n numeric, at timestamptz, d date, i interval, t timetz, m money, u uuid, b bit varying, a int[], net inet, x xml, p point);
insert into edges values
  (1, 'NaN', 'Infinity', 'NaN', 'infinity', '-infinity', '178000000 years', '23:59:59.999999+15:59', '-92233720368547758.08', '00000000-0000-0000-0000-000000000000', '', '{}', '::', '<a/>', '(1e-300,NaN)'),
  (2, '-Infinity', '1e-45', 'Infinity', '4713-01-01 00:00:00 BC', '5874897-12-31', '-1 mons +2 days -03:00:00.000001', '00:00-15:59', '0', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '101', '[-3:-2][5:6]={{1,NULL},{3,4}}', '255.255.255.255/0', null, '(Infinity,-0)'),
  (3, '-0', '3.4028235e38', repeat('9', 1000)::numeric / 7, '294276-12-31 23:59:59.999999+00', null, null, null, null, null, null, '{NULL}', '1.2.3.4/24', 'text only', null),
  (4, 0.1 + 0.2, 0.1, '-0.000000000000000000000000000001', '1883-11-18 12:03:57+00', '0001-01-01 BC', '0.000001 s', '12:00', null, null, '0', null, 'fe80::1/64', '<?xml version="1.0"?><b>ß</b>', '(1,2)');
create table documents (id int primary key, j json, jb jsonb, raw bytea, long text);
insert into documents select n,
  '{"a": 1, "a": 2,   "ü": "\u00fc", "n": 1.000e5}', '{"deep": [[[{"x": null}]]], "big": 1e400, "empty": {}, "": ""}',
  decode(md5(n::text) || '00ff5c0a0d09', 'hex'), case when n = 1 then repeat('ä', 1000000) else E'tab\tline\nreturn\rback\\slash \\N \\. ''quote''' end from generate_series(1, 20) as n;
create table nulls (a int, b text, c int[]);
insert into nulls select null, null, null from generate_series(1, 100);

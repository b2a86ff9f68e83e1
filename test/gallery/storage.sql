-- Storage: fill factors, compression, toast, unlogged tables, access methods, options of indexes
-- back: yes; rows of unlogged tables too
create table packed (id int primary key with (fillfactor = 70), big text compression pglz, other text compression lz4, note text)
  with (fillfactor = 40, autovacuum_enabled = off, toast.autovacuum_enabled = off, parallel_workers = 3);
alter table packed alter big set storage external, alter note set storage main;
insert into packed select n, repeat(md5(n::text), 400), repeat('x', 100000), 'n' from generate_series(1, 20) as n;
create unlogged table fast (id int primary key, v text);
insert into fast select n, 'v' || n from generate_series(1, 100) as n;
create index packed_brin on packed using brin (id) with (pages_per_range = 8, autosummarize);
create index packed_hash on packed using hash (note);
create index packed_gin on packed using gin (to_tsvector('simple', note)) with (fastupdate = off);
create index packed_spgist on packed using spgist (note);
create index packed_btree on packed (note desc nulls last) with (deduplicate_items = off);
alter table packed replica identity full;
create access method heap_again type table handler heap_tableam_handler;
create table elsewhere (id int) using heap_again;
insert into elsewhere select n from generate_series(1, 100) as n;

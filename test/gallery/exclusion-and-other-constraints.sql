-- Constraints: exclusion, unique with nulls, not valid, not inherited, deferred, on expressions, with included columns
create extension btree_gist;
create table bookings (id int primary key, room int not null, during tstzrange not null, exclude using gist (room with =, during with &&) deferrable);
insert into bookings select n, n % 10, tstzrange('2025-01-01'::timestamptz + n * interval '1 day', '2025-01-01'::timestamptz + n * interval '1 day' + interval '1 hour') from generate_series(1, 100) as n;
create table codes (code text, area text, unique nulls not distinct (code, area), unique (area, code) deferrable initially deferred);
insert into codes select 'c' || n, nullif(n % 5, 0)::text from generate_series(1, 100) as n;
create table weights (grams int, constraint not_heavy check (grams < 50) no inherit);
insert into weights select n % 50 from generate_series(1, 100) as n;
create table heavy () inherits (weights);
insert into heavy values (5000);
insert into weights values (1);
alter table weights add constraint not_one check (grams <> 1) not valid;
create unique index codes_small on codes (lower(code)) include (area) where code < 'c5';
alter table bookings add constraint during_is_bounded check (not upper_inf(during));
create index bookings_only on only bookings using gist (during);
alter table bookings cluster on bookings_pkey;
alter table bookings replica identity using index bookings_pkey;

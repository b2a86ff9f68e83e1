-- Casts, and a conversion of a schema's own
create type celsius as (degrees numeric);
create function celsius_of(numeric) returns celsius language sql immutable as $$ select row($1)::public.celsius $$;
create function degrees_of(celsius) returns numeric language sql immutable as $$ select ($1).degrees $$;
create cast (numeric as celsius) with function celsius_of(numeric) as assignment;
create cast (celsius as numeric) with function degrees_of(celsius) as implicit;
create type colour as enum ('red', 'green');
create cast (varchar as colour) with inout as implicit;
create schema old;
create conversion old.from_latin1 for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create table readings (at timestamptz, value celsius);
insert into readings select '2025-01-01'::timestamptz + n * interval '1 hour', (n::numeric / 10)::celsius from generate_series(1, 100) as n;
create index readings_by_degrees on readings ((degrees_of(value)));

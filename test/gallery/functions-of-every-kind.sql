-- Functions and procedures: polymorphic, variadic, with defaults, of sets and windows, with bodies of standard SQL, overloaded
create table rates (currency text primary key, rate numeric not null);
insert into rates select 'c' || n, n from generate_series(1, 100) as n;
create function first_of(anyarray) returns anyelement language sql immutable as 'select $1[1]';
create function joined(separator text, variadic parts text[] default '{a,b}') returns text language sql stable as $$ select array_to_string(parts, separator) $$;
create function all_rates() returns setof rates language sql stable begin atomic select * from public.rates; end;
create function rates_above(lowest numeric, out currency text, out rate numeric) returns setof record language plpgsql cost 5 rows 10
  as $$ begin return query select r.currency, r.rate from public.rates r where r.rate > lowest; end $$;
create function area(int) returns int language sql as 'select $1';
create function area(text) returns int language sql as 'select length($1)';
create function area(int, int = 3) returns table (x int, y int) language sql as 'select $1, $2';
create procedure rename(inout old text, new text default 'it''s') language plpgsql as $$ begin old := new; end $$;
create function guarded() returns int language plpgsql strict leakproof parallel restricted security definer set search_path = pg_catalog, public set work_mem = '8MB'
  as $body$ begin return (select count(*) from public.rates where currency = $q$c1$q$); end $body$;
create function ranked(int) returns bigint language internal window immutable as 'window_row_number';
drop function ranked(int);
create view converted as select currency, rate, first_of(array[rate]) as same from all_rates();

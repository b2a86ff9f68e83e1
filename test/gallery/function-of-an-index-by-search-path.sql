-- An index on a function that finds another one by the search path, as in the f_unaccent recipe
-- back: yes, at a second try; from PostgreSQL 17 on not, and named: it builds such objects by names of the system alone
-- until: 16
create extension unaccent;
create function f_unaccent(text) returns text language sql immutable parallel safe strict
  as $$ select unaccent('unaccent', $1) $$;
create table cities (id int primary key, name text not null);
insert into cities select n, 'Zürich ' || n from generate_series(1, 100) as n;
create table others as select n from generate_series(1, 10) as n;
create index cities_by_name on cities (f_unaccent(name));

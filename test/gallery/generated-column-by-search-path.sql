-- A generated column whose function finds another one by the search path, in a schema of its own
-- back: yes, at a second try
create schema "Text tools";
create function "Text tools".fold(text) returns text language sql immutable as $$ select lower($1) $$;
set search_path = public, "Text tools";
create function key_of(text) returns text language plpgsql immutable as $$ begin return fold($1) || '-key'; end $$;
create table products (id int primary key, name text not null, key text generated always as (key_of(name)) stored);
insert into products select n, 'Möbel ' || n from generate_series(1, 100) as n;
create unique index products_by_key on products (key);
create table orders (id int primary key, product int not null references products);
insert into orders select n, n from generate_series(1, 100) as n;

-- Foreign servers, user mappings and foreign tables; the rows stay where they are
-- back: yes: servers, mappings (with their passwords, as in any dump) and definitions; rows stay at the other server
create extension postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw options (host '127.0.0.1', port '1', dbname 'nowhere');
create user mapping for public server elsewhere options (user 'reader', password 'not of this server');
create foreign table far_orders (id int options (column_name 'order id') not null, total numeric default 0, check (total >= 0))
  server elsewhere options (schema_name 'far', table_name 'orders');
create table orders (id int primary key, total numeric);
insert into orders select n, n from generate_series(1, 100) as n;
create view all_orders as select id, total from orders union all select id, total from far_orders;
create table years (year int, n int) partition by list (year);
create table years_2025 partition of years for values in (2025);
create foreign table years_2024 partition of years for values in (2024) server elsewhere options (table_name 'y2024');
insert into years select 2025, n from generate_series(1, 100) as n;
create extension file_fdw;
create server files foreign data wrapper file_fdw;

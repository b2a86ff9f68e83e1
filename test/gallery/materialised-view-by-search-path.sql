-- A materialised view whose function finds a table by the search path, and one that reads it
-- back: yes, at a second try; from PostgreSQL 17 on not, and named: it builds such objects by names of the system alone
-- until: 16
create table prices (id int primary key, cents int not null);
insert into prices select n, n * 100 from generate_series(1, 100) as n;
create function price_of(int) returns int language sql stable as $$ select cents from prices where id = $1 $$;
create materialized view totals as select id, price_of(id) as cents from prices;
create materialized view sums as select sum(cents) as cents from totals;
create unique index totals_by_id on totals (id);

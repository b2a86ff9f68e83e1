-- Publications, and a subscription, which comes back disabled and without its slot
-- back: publications yes; a subscription is disabled and has no slot, as pg_dump makes it
create table orders (id int primary key, total numeric, secret text);
insert into orders select n, n, 's' from generate_series(1, 100) as n;
create schema shop;
create table shop.items (id int primary key);
create publication everything for all tables;
create publication chosen for table orders (id, total) where (id > 10) with (publish = 'insert');
create publication of_a_schema for tables in schema shop with (publish = 'insert, update', publish_via_partition_root);
create publication nothing;
create subscription from_elsewhere connection 'host=127.0.0.1 port=1 dbname=nowhere' publication there with (connect = false, slot_name = none);

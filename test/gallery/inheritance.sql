-- Tables that inherit, from several parents, with columns of their own and in other orders
create table places (id int primary key, name text not null, area float);
create table things (made date, name text not null);
create table cities (mayor text default 'nobody') inherits (places);
create table monuments (height int, check (height > 0)) inherits (places, things);
create table capitals (country text) inherits (cities);
insert into places select n, 'place ' || n, n from generate_series(1, 10) as n;
insert into cities select n, 'city ' || n, n, 'm' || n from generate_series(11, 30) as n;
insert into monuments (id, name, height) select n, 'monument ' || n, n from generate_series(31, 60) as n;
insert into capitals select n, 'capital ' || n, n, 'm', 'country' from generate_series(61, 100) as n;
alter table cities alter name set default 'unnamed', alter area set not null;
alter table capitals no inherit cities;
create table of_a_type_row (like places including all);
create type address as (street text, zip int);
create table addresses of address (primary key (zip), street with options not null);
insert into addresses select 'street ' || n, n from generate_series(1, 100) as n;

-- A table that got its parent later, whose columns stand in another order than its parent's
-- back: yes, with the parent's columns first, as pg_dump makes it; rows are compared by the names of columns
-- equal: nothing
create table places (id int not null, name text not null, "Wide (km)" float);
create table villages ("Wide (km)" float, mayor text, name text not null, id int not null, dropped int);
alter table villages drop dropped;
insert into places select n, 'place ' || n, n from generate_series(1, 10) as n;
insert into villages select n, 'm', 'village ' || n, n from generate_series(101, 120) as n;
alter table villages inherit places;

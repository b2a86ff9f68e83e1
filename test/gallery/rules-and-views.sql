-- Rules and views: updatable, checked, recursive, of each other in circles, with columns of their own names
create table base (id int primary key, kind text not null, n int);
insert into base select n, case n % 2 when 0 then 'even' else 'odd' end, n from generate_series(1, 100) as n;
create view evens with (security_barrier) as select id, kind, n from base where kind = 'even' with local check option;
create view large_evens as select id as number, n from evens where n > 50 with cascaded check option;
alter view large_evens alter n set default 60;
create recursive view counting (x) as values (1) union all select x + 1 from counting where x < 10;
create view grouped as select id, kind, n from base group by id;
create view one as select 1 as x;
create view two as select x from one;
create or replace view one as select x from (select 1 as x) as s;
create table log (id int, was text);
create rule logged as on update to base do also insert into log values (old.id, old.kind);
create rule kept as on delete to evens where (old.n > 90) do instead nothing;
alter table base disable rule logged;
create view quoted as select 'it''s'::text as "A column", e'back\\slash' as "b.c", id as "select" from base;
create materialized view empty_one as select * from base with no data;

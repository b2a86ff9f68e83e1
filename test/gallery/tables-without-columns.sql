-- Tables without columns, with rows all the same, with one column dropped, and of 1,600 columns
create table nothing ();
insert into nothing select from generate_series(1, 100);
create table dropped (a int, b int, c int);
insert into dropped select n, n, n from generate_series(1, 100) as n;
alter table dropped drop b, add d int default 7, drop a;
create table all_dropped (a int);
insert into all_dropped select n from generate_series(1, 100) as n;
alter table all_dropped drop a;
create table twins (x int, y text);
insert into twins select 1, null from generate_series(1, 100);
do $$ begin
  execute (select 'create table widest (' || string_agg('c' || n || ' int', ', ') || ')' from generate_series(1, 1600) as n);
end $$;
insert into widest (c1, c1600) select n, n from generate_series(1, 10) as n;
create index all_of_dropped on dropped (c, d);

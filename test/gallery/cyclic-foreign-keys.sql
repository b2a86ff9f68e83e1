-- Foreign keys in circles, to the same table, deferred, and not yet validated
create table teams (id int primary key, lead int not null, parent int references teams on delete set null);
create table members (id int primary key, team int not null references teams deferrable initially deferred, mentor int references members);
alter table teams add constraint lead_is_member foreign key (lead) references members deferrable initially immediate;
begin;
set constraints all deferred;
insert into teams select n, n, nullif(n - 1, 0) from generate_series(1, 100) as n;
insert into members select n, n, case when n < 100 then n + 1 end from generate_series(1, 100) as n order by n desc;
commit;
create table tree (id int, region int, parent int, parent_region int, primary key (id, region)) partition by list (region);
create table tree_1 partition of tree for values in (1);
create table tree_2 partition of tree for values in (2);
alter table tree add foreign key (parent, parent_region) references tree (id, region);
insert into tree select n, 1 + n % 2, nullif(n - 1, 0), case when n > 1 then 1 + (n - 1) % 2 end from generate_series(1, 100) as n;
create table strays (team int);
insert into strays values (999);
alter table strays add constraint unvalidated foreign key (team) references teams not valid;

-- Triggers: of rows, statements and constraints, deferred, with conditions and transition tables, disabled, always, of replicas
create table stock (id int primary key, n int not null, changed timestamptz);
insert into stock select n, n from generate_series(1, 100) as n;
create table log (at timestamptz default clock_timestamp(), rows int);
insert into log (rows) values (1);
create function note() returns trigger language plpgsql as $$ begin insert into log (rows) values (0); return new; end $$;
create function note_all() returns trigger language plpgsql as $$ begin insert into log (rows) select count(*) from changed; return null; end $$;
create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
create trigger a_row before insert or update of n on stock for each row when (new.n > 0) execute function note();
create trigger b_statement after update on stock referencing new table as changed for each statement execute function note_all();
create constraint trigger c_deferred after insert on stock deferrable initially deferred for each row execute function refuse();
create trigger d_always before insert on stock for each row execute function refuse();
create trigger e_replica before insert on stock for each row execute function refuse();
create trigger f_disabled before delete on stock for each row execute function refuse();
create trigger g_truncated before truncate on stock for each statement execute function refuse();
alter table stock enable always trigger d_always, enable replica trigger e_replica, disable trigger f_disabled;
create trigger args before update on stock for each row execute function note('a', 'it''s', '');
create view shown as select id, n from stock;
create trigger instead_of instead of insert on shown for each row execute function note();

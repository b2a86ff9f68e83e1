-- A check whose function finds a table and another function by the search path
-- back: yes, at a second try
create table settings as select 3 as least;
create function at_least() returns int language sql stable as $$ select least from settings $$;
create function is_long(text) returns bool language sql stable as $$ select length($1) >= at_least() $$;
create table notes (id int primary key, text text not null check (is_long(text)));
insert into notes select n, 'note ' || n from generate_series(1, 100) as n;
create table remarks (id int primary key, note int references notes, seen int not null default 0);
insert into remarks select n, n, 0 from generate_series(1, 100) as n;
create function count_note() returns trigger language plpgsql
  as $$ begin new.text := new.text || '!'; return new; end $$;
create trigger counted before insert on notes for each row execute function count_note();
create trigger counted_always before insert on notes for each row execute function count_note();
alter table notes enable always trigger counted_always;

-- Event triggers, enabled, disabled and always, one of which refuses what a restore does
create schema audit;
create table audit.commands (at timestamptz, tag text);
create function audit.noted() returns event_trigger language plpgsql
  as $$ begin insert into audit.commands values (now(), tg_tag); end $$;
create function audit.refused() returns event_trigger language plpgsql
  as $$ begin raise 'nothing is created here any more'; end $$;
create table items (id int primary key, name text);
insert into items select n, 'item ' || n from generate_series(1, 100) as n;
create event trigger noting on ddl_command_end when tag in ('CREATE TABLE', 'CREATE INDEX') execute function audit.noted();
create event trigger noting_drops on sql_drop execute function audit.noted();
create event trigger noting_always on ddl_command_start execute function audit.noted();
alter event trigger noting_always enable always;
alter event trigger noting_drops disable;
create event trigger refusing on ddl_command_start when tag in ('CREATE TABLE') execute function audit.refused();

-- Owners, grants, default privileges, settings of the database and of roles in it, functions that not everybody may execute
-- back: kept beside the dump, loaded when asked for
-- roles: gallery owner, gallery_reader, gallery_app, gallery_admin
create schema billing authorization "gallery owner";
create table billing.invoices (id int generated always as identity primary key, amount numeric, secret text);
alter table billing.invoices owner to "gallery owner";
grant select (id, amount) on billing.invoices to gallery_reader;
grant select, insert on billing.invoices to gallery_app with grant option;
revoke all on schema public from public;
grant usage on schema billing to gallery_reader, gallery_app;
create table public.orders (id serial primary key, customer text);
alter table public.orders owner to gallery_app;
revoke update on public.orders from gallery_app;
alter table public.orders enable row level security;
create policy own_orders on public.orders to gallery_reader using (customer = current_user);
create view billing.totals as select sum(amount) from billing.invoices;
alter view billing.totals owner to gallery_admin;
create function public.as_admin(text) returns text language plpgsql security definer as $$ begin return $1; end $$;
alter function public.as_admin(text) owner to gallery_admin;
revoke execute on function public.as_admin(text) from public;
grant execute on function public.as_admin(text) to gallery_app;
create procedure billing.close_month() language sql as 'select 1';
revoke execute on procedure billing.close_month() from public;
create type billing.state as enum ('open', 'paid');
revoke usage on type billing.state from public;
create domain billing.iban as text;
alter domain billing.iban owner to "gallery owner";
alter default privileges for role "gallery owner" in schema billing grant select on tables to gallery_reader;
alter default privileges revoke execute on functions from public;
create publication changes for table public.orders;
create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing;
alter server elsewhere owner to gallery_admin;
grant usage on foreign server elsewhere to gallery_app;
create statistics billing.of_invoices (dependencies) on id, amount from billing.invoices;
create aggregate public.total(numeric) (sfunc = numeric_add, stype = numeric);
alter aggregate public.total(numeric) owner to gallery_admin;
do $$ begin
  execute format('alter database %I owner to gallery_admin', current_database());
  execute format('alter database %I set search_path to billing, public', current_database());
  execute format('alter database %I set "my.setting" to %L', current_database(), 'it''s \ here');
  execute format('alter database %I connection limit 17', current_database());
  execute format('alter role gallery_reader in database %I set statement_timeout to ''5s''', current_database());
  execute format('revoke connect, temporary on database %I from public', current_database());
  execute format('grant connect on database %I to gallery_reader', current_database());
  execute format('comment on database %I is %L', current_database(), 'whose :"DBNAME" is it');
end $$;

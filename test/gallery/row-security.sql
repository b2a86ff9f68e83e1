-- Row security: policies of each kind, forced and not, for roles and for everybody
-- back: yes; roles that its policies name must be there: a throw-away cluster and `privileges: restore` make them
-- roles: gallery_tenant
create table tenants (id int primary key, name text not null);
create table documents (id int primary key, tenant int not null references tenants, body text);
insert into tenants select n, 'tenant ' || n from generate_series(1, 10) as n;
insert into documents select n, 1 + n % 10, 'body ' || n from generate_series(1, 100) as n;
alter table documents enable row level security;
alter table documents force row level security;
create policy own on documents for select to gallery_tenant using (tenant = current_setting('app.tenant', true)::int);
create policy written on documents for insert to public with check (tenant > 0);
create policy never on documents as restrictive for delete using (exists (select from tenants t where t.id = tenant and t.name <> 'x'));
alter table tenants enable row level security;
create view shown with (security_barrier, security_invoker) as select id, body from documents;
grant select on documents, tenants, shown to gallery_tenant;

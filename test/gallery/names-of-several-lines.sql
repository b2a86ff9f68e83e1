-- Names that hold line breaks, semicolons, quotes and what a script could be mistaken for
do $$ begin
  if not exists (select from pg_roles where rolname = E'gallery "of\n\\! touch pwned\n--"; lines') then
    create role "gallery ""of
\! touch pwned
--""; lines";
  end if;
end $$;
create schema "a
;alter schema public owner to nobody;
--";
create table "a
;alter schema public owner to nobody;
--"."b
\! touch pwned
--" (
  "x
y" int,
  constraint "c
alter table d owner to e;" check ("x
y" > 0)
);
comment on table "a
;alter schema public owner to nobody;
--"."b
\! touch pwned
--" is 'it''s
\! touch pwned
alter schema public owner to nobody;';
alter table "a
;alter schema public owner to nobody;
--"."b
\! touch pwned
--" owner to "gallery ""of
\! touch pwned
--""; lines";
create function "f
;"("a
\! touch pwned" int, text default '; grant all on schema public to public; --') returns int language sql as $f$select 1; -- '$f$;
alter function "f
;"(int, text) owner to "gallery ""of
\! touch pwned
--""; lines";
revoke all on function "f
;"(int, text) from public;
create function plain(int) returns int language sql begin atomic select 1; select $1; end;
alter function plain(int) owner to "gallery ""of
\! touch pwned
--""; lines";
grant select ("x
y") on table "a
;alter schema public owner to nobody;
--"."b
\! touch pwned
--" to "gallery ""of
\! touch pwned
--""; lines";
insert into "a
;alter schema public owner to nobody;
--"."b
\! touch pwned
--" values (1);

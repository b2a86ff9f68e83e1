-- Large objects: empty, of several pages, with holes, named by rows, with owners and grants of their own
-- roles: gallery owner, gallery_reader
create table pictures (id int primary key, picture oid not null);
insert into pictures select n, lo_from_bytea(500000 + n, decode(repeat(md5(n::text), 1000 * (n % 3)), 'hex')) from generate_series(1, 50) as n;
select lo_create(600001);
do $$ declare fd int; begin
  perform lo_create(600002);
  fd := lo_open(600002, x'20000'::int);
  perform lo_lseek(fd, 100000, 0);
  perform lowrite(fd, 'after a hole');
  perform lo_close(fd);
end $$;
create extension lo;
create trigger forgotten before update or delete on pictures for each row execute function lo_manage(picture);
alter large object 500002 owner to "gallery owner";
grant select on large object 500002 to gallery_reader with grant option;
grant select, update on large object 500003 to public;

-- Aggregates, operators, operator classes and families, and what is indexed by them
create type version as (major int, minor int);
create function version_cmp(version, version) returns int language sql immutable strict
  as $$ select case when ($1).major <> ($2).major then sign(($1).major - ($2).major)::int else sign(($1).minor - ($2).minor)::int end $$;
create function version_below(version, version) returns bool language sql immutable strict as $$ select public.version_cmp($1, $2) < 0 $$;
create function version_same(version, version) returns bool language sql immutable strict as $$ select public.version_cmp($1, $2) = 0 $$;
create function version_above(version, version) returns bool language sql immutable strict as $$ select public.version_cmp($1, $2) > 0 $$;
create function version_at_most(version, version) returns bool language sql immutable strict as $$ select public.version_cmp($1, $2) <= 0 $$;
create function version_at_least(version, version) returns bool language sql immutable strict as $$ select public.version_cmp($1, $2) >= 0 $$;
create operator <<< (leftarg = version, rightarg = version, function = version_below, commutator = >>>);
create operator >>> (leftarg = version, rightarg = version, function = version_above, commutator = <<<);
create operator === (leftarg = version, rightarg = version, function = version_same, commutator = ===);
create operator <<= (leftarg = version, rightarg = version, function = version_at_most);
create operator >>= (leftarg = version, rightarg = version, function = version_at_least);
create operator family version_family using btree;
create operator class version_order for type version using btree family version_family as
  operator 1 <<<, operator 2 <<=, operator 3 ===, operator 4 >>=, operator 5 >>>, function 1 version_cmp(version, version);
create table releases (id int primary key, release version not null);
insert into releases select n, row(n % 7, n)::version from generate_series(1, 100) as n;
create index releases_in_order on releases (release version_order);
create function longest_of(text, text) returns text language sql immutable
  as $$ select case when length(coalesce($1, '')) >= length(coalesce($2, '')) then $1 else $2 end $$;
create aggregate longest(text) (sfunc = longest_of, stype = text, combinefunc = longest_of, parallel = safe);
create view extremes as select longest(id::text) as widest from releases;

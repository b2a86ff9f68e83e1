-- An index whose function refuses every database but its own, and what comes after it
-- equal: nothing
-- back: all but that index, which is named and can be accepted
-- accept: public.b_refused
create table places (id int primary key, name text not null);
insert into places select n, 'place ' || n from generate_series(1, 100) as n;
do $make$
begin
  execute format($of$create function only_here(text) returns text language plpgsql immutable as
    $$ begin if current_database() <> %L then raise 'not here'; end if; return $1; end $$ $of$, current_database());
end $make$;
create index a_before on places (name);
create index b_refused on places (only_here(name));
create index c_after on places (name, id);

-- Names and rows of a database in LATIN1
-- database: encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'
create schema "Maße";
create table "Maße"."größe" ("länge" int, "übersicht" text default 'ß');
insert into "Maße"."größe" select n, 'naïve ' || n from generate_series(1, 100) as n;
create index "größe nach länge" on "Maße"."größe" ("länge");
comment on table "Maße"."größe" is 'wie groß';
create table "£" ();

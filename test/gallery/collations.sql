-- Collations of ICU, one that finds unlike texts equal, and columns and indexes that use them
create collation german_phonebook (provider = icu, locale = 'de-u-co-phonebk');
create collation without_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create collation "C of ours" from "C";
create table people (id int primary key, name text collate german_phonebook not null, mail text collate without_case unique, code text collate "C of ours");
insert into people select n, case n % 2 when 0 then 'Müller ' else 'Mueller ' end || n, 'Person' || n || '@Example.org', 'c' || n from generate_series(1, 100) as n;
create index people_by_name on people (name);
create index people_by_name_otherwise on people (name collate "C", lower(code));
create table by_letter (letter text collate "C") partition by range (letter);
create table by_letter_a partition of by_letter for values from ('a') to ('n');
create table by_letter_n partition of by_letter for values from ('n') to ('~');
insert into by_letter select chr(97 + n % 26) from generate_series(1, 100) as n;

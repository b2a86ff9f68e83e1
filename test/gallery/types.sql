-- Types: enums in another order than made, domains on domains, composites in arrays, ranges and multiranges
create type size as enum ('small', 'large');
begin;
alter type size add value 'medium' before 'large';
alter type size add value 'tiny' before 'small';
commit;
create domain code as text collate "C" not null default 'none' check (value ~ '^[a-z]+$');
create domain short_code as code constraint is_short check (length(value) < 5);
create type dimension as (length numeric(10, 3), unit short_code);
create type box_of as (name text, sides dimension[]);
create domain valid_box as box_of check ((value).name is not null);
create type size_range as range (subtype = size, multirange_type_name = size_ranges);
create type float_range as range (subtype = float8, subtype_diff = float8mi);
create table boxes (id int primary key, size size default 'medium', box valid_box, sizes size_ranges, weights float_range, codes short_code[]);
insert into boxes select n, (array['tiny', 'small', 'medium', 'large'])[1 + n % 4]::size,
  row('box ' || n, array[row(n, 'cm')::dimension, null])::box_of, '{[tiny,small),[large,large]}', float_range(n, n + 0.5), array['a', 'bcd'] from generate_series(1, 100) as n;
create type shell;
create type made_of_enum as (first size);
create table by_size (size size, n int) partition by list (size);
create table by_size_small partition of by_size for values in ('tiny', 'small');
create table by_size_rest partition of by_size default;
insert into by_size select (array['tiny', 'small', 'medium', 'large'])[1 + n % 4]::size, n from generate_series(1, 100) as n;

-- Names and rows of WIN1252 with bytes that no UTF-8 can say
-- back: yes, dumped in its own encoding
-- database: encoding 'WIN1252' lc_collate 'C' lc_ctype 'C'
create table euros (x int, t text);
insert into euros select n, 'naïve €' from generate_series(1, 100) as n;
create table unsayable (x int, t text);
insert into unsayable select n, convert_from('\x81', 'WIN1252') from generate_series(1, 10) as n;
do $$ begin
  execute format('create table %I (x int)', convert_from('\x6e616d6581', 'WIN1252'));
end $$;

-- Names and rows in SQL_ASCII that are no UTF-8
-- database: encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'
do $$ begin
  execute format('create schema %I', convert_from('\x6de4', 'SQL_ASCII'));
  execute format('create table %I.%I (x int, t text)', convert_from('\x6de4', 'SQL_ASCII'), convert_from('\x67f6df', 'SQL_ASCII'));
  execute format('insert into %I.%I select n, %L from generate_series(1, 100) as n',
                 convert_from('\x6de4', 'SQL_ASCII'), convert_from('\x67f6df', 'SQL_ASCII'), convert_from('\xe4f6fc', 'SQL_ASCII'));
  execute format('create table %I as select n from generate_series(1, 7) as n', convert_from('\x67f6', 'SQL_ASCII'));
  execute format('create table %I as select n from generate_series(1, 8) as n', convert_from('\x67fc', 'SQL_ASCII'));
end $$;
create table "grün" as select n from generate_series(1, 3) as n;

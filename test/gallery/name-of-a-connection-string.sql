-- A database whose name reads like a connection string
-- name: host=127.0.0.1 dbname=postgres
create table t as select n from generate_series(1, 10) as n;

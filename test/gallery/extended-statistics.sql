-- Statistics objects and targets: on columns, on expressions, of each kind
-- back: definitions and targets; the figures are gathered anew
create table addresses (zip int, city text, street text);
insert into addresses select n / 10, 'city ' || n / 20, 'street ' || n from generate_series(1, 100) as n;
create statistics dependent (dependencies) on zip, city from addresses;
create statistics distinct_ones (ndistinct) on zip, city, street from addresses;
create statistics common (mcv) on zip, city from addresses;
create statistics of_expressions on (lower(city)), (zip % 7) from addresses;
alter statistics common set statistics 500;
alter table addresses alter city set statistics 1000, alter zip set (n_distinct = -0.1);
create index addresses_by_lower on addresses (lower(city));
alter index addresses_by_lower alter column 1 set statistics 321;
analyze addresses;

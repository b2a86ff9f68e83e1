-- Partitions by the hash of an enum, whose rows lie in others when it was made anew, columns in other orders
-- back: yes; which partition a row is in is the new server's matter, so that they are compared as one
-- equal: definitions
create type kind as enum ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
create domain short_kind as kind;
create table events (at date not null, kind kind not null, n int) partition by range (at);
create table events_2025 partition of events for values from ('2025-01-01') to ('2026-01-01') partition by hash (kind);
create table events_2025_0 partition of events_2025 for values with (modulus 3, remainder 0);
create table events_2025_1 (n int, kind kind not null, at date not null);
alter table events_2025 attach partition events_2025_1 for values with (modulus 3, remainder 1);
create table events_2025_2 partition of events_2025 for values with (modulus 3, remainder 2);
insert into events select '2025-01-01'::date + n, (array['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])[1 + n % 8]::kind, n from generate_series(1, 300) as n;
create table plain (kind kind, other int) partition by hash (kind, other);
create table plain_0 partition of plain for values with (modulus 2, remainder 0);
create table plain_1 partition of plain for values with (modulus 2, remainder 1);
insert into plain select (array['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])[1 + n % 8]::kind, n / 8 from generate_series(1, 300) as n;

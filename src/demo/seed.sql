-- A cleaning company's database, filled in the server itself. Run with psql: -v size=300 makes about 300 MB.
-- The same size gives the same rows. Some columns compress well (states, notes made of words), others hardly
-- (keys, hashes, PDFs), as in a database that people work with.

\set ON_ERROR_STOP on
set client_min_messages = warning;
select setseed(0.25) \g /dev/null

create type booking_state as enum ('requested', 'confirmed', 'done', 'cancelled');
create domain cents as bigint check (value >= 0);

create table customers (
  id bigint primary key generated always as identity,
  name text not null,
  email text not null,
  address jsonb not null,
  created_at timestamptz not null
);
create table cleaners (
  id bigint primary key generated always as identity,
  name text not null,
  areas text[] not null,
  hourly_rate cents not null
);
create table bookings (
  id bigint primary key generated always as identity,
  customer_id bigint not null,
  cleaner_id bigint not null,
  state booking_state not null,
  starts_at timestamptz not null,
  duration interval not null,
  wishes text
);
create table orders (
  id bigint primary key generated always as identity,
  booking_id bigint not null,
  reference uuid not null,
  total cents not null,
  notes text not null,
  placed_at timestamptz not null
);
create table order_photos (
  storage_key text primary key,
  order_id bigint not null,
  size_bytes bigint not null,
  taken_at timestamptz not null
);
create table invoices (
  id bigint primary key generated always as identity,
  order_id bigint not null,
  number text not null,
  lines jsonb not null,
  document oid,
  issued_on date not null
);
create table payments (
  id bigint primary key generated always as identity,
  invoice_id bigint not null,
  amount cents not null,
  provider_reference text not null,
  paid_at timestamptz not null
);
create table webhooks (
  id bigint primary key generated always as identity,
  received_at timestamptz not null,
  payload jsonb not null
);
create table audit_log (
  id bigint generated always as identity,
  at timestamptz not null,
  actor text not null,
  action text not null,
  checksum bytea not null
);
create table settings (name text primary key, value jsonb not null);

-- Sentences of a cleaner's working day: volatile, so that each row gets its own.
create function pg_temp.words(amount int) returns text language sql volatile as $$
  select string_agg(
    (array['kitchen', 'windows', 'please', 'ring', 'twice', 'the', 'key', 'is', 'under', 'second', 'floor', 'dog', 'friendly',
      'oven', 'and', 'fridge', 'bathroom', 'ironing', 'no', 'bleach', 'on', 'wooden', 'surfaces', 'balcony', 'Straße',
      'cellar', 'carpet', 'stain', 'remover', 'café', 'after', 'school', 'neighbour', 'has', 'spare', 'vacuum', 'filter',
      'invoice', 'to', 'office', 'not', 'before', 'nine', 'guests', 'arrive', 'bed', 'linen', 'in', 'wardrobe', 'left'])
    [1 + floor(random() * 50)::int], ' ')
  from generate_series(1, amount)
$$;
-- 16 bytes each that do not compress.
create function pg_temp.noise(amount int) returns bytea language sql volatile as $$
  select decode(string_agg(md5(random()::text), ''), 'hex') from generate_series(1, amount)
$$;
create function pg_temp.moment() returns timestamptz language sql volatile as $$
  select timestamptz '2024-01-01 06:00:00+00' + random() * interval '700 days'
$$;
create function pg_temp.pick(highest bigint) returns bigint language sql volatile as $$
  select 1 + floor(random() * highest)::bigint
$$;

insert into settings values ('company', '{"name": "Cleaning Example", "currency": "EUR"}'), ('vat', '{"percent": 19}');

insert into customers (name, email, address, created_at)
select 'Customer ' || n, 'customer' || n || '@cleaning.example',
  jsonb_build_object('street', pg_temp.words(2), 'number', n % 200, 'zip', lpad((n * 7919 % 99999)::text, 5, '0')), pg_temp.moment()
from generate_series(1, 40 * :size) n;

insert into cleaners (name, areas, hourly_rate)
select 'Cleaner ' || n, array['north', 'south', 'east', 'west'], 1800 + n % 900 from generate_series(1, :size) n;

insert into bookings (customer_id, cleaner_id, state, starts_at, duration, wishes)
select pg_temp.pick(40 * :size), pg_temp.pick(:size), (enum_range(null::booking_state))[pg_temp.pick(4)], pg_temp.moment(),
  make_interval(mins => 30 * pg_temp.pick(10)::int), case when n % 3 = 0 then pg_temp.words(10) end
from generate_series(1, 500 * :size) n;

insert into orders (booking_id, reference, total, notes, placed_at)
select n, md5(random()::text)::uuid, pg_temp.pick(50000), pg_temp.words(25), pg_temp.moment()
from generate_series(1, 500 * :size) n;

insert into order_photos (storage_key, order_id, size_bytes, taken_at)
select 'photos/' || md5(random()::text) || '.jpg', pg_temp.pick(500 * :size), 20000 + pg_temp.pick(4000000), pg_temp.moment()
from generate_series(1, 1000 * :size) n;

insert into invoices (order_id, number, lines, issued_on)
select n, 'R' || lpad(n::text, 9, '0'),
  jsonb_build_array(jsonb_build_object('text', pg_temp.words(4), 'cents', pg_temp.pick(40000)), jsonb_build_object('text', 'travel', 'cents', 900)),
  pg_temp.moment()::date
from generate_series(1, 500 * :size) n;

insert into payments (invoice_id, amount, provider_reference, paid_at)
select n, pg_temp.pick(50000), 'ch_' || md5(random()::text), pg_temp.moment() from generate_series(1, 400 * :size) n;

insert into webhooks (received_at, payload)
select pg_temp.moment(), jsonb_build_object('event', 'payment.' || (array['created', 'settled', 'refunded'])[pg_temp.pick(3)],
  'id', md5(random()::text), 'amount', pg_temp.pick(50000), 'signature', md5(random()::text) || md5(random()::text), 'memo', pg_temp.words(12))
from generate_series(1, 300 * :size) n;

insert into audit_log (at, actor, action, checksum)
select pg_temp.moment(), 'user' || pg_temp.pick(40), (array['login', 'update', 'export', 'delete'])[pg_temp.pick(4)],
  decode(md5(random()::text), 'hex')
from generate_series(1, 600 * :size) n;

-- PDFs of some invoices as large objects: 64 KiB that do not compress.
update invoices set document = lo_from_bytea(0, '%PDF-1.7 '::bytea || pg_temp.noise(4096)) where id <= 2 * :size;

alter table bookings add foreign key (customer_id) references customers, add foreign key (cleaner_id) references cleaners;
alter table orders add foreign key (booking_id) references bookings;
alter table order_photos add foreign key (order_id) references orders;
alter table invoices add foreign key (order_id) references orders, add unique (number);
alter table payments add foreign key (invoice_id) references invoices;

create index on bookings (customer_id, starts_at);
create index on orders (placed_at);
create index on order_photos (order_id);
create index on payments (paid_at);
create index on audit_log using brin (at);
create index on webhooks using gin (payload jsonb_path_ops);

create view open_invoices as
  select i.id, i.number, i.issued_on from invoices i left join payments p on p.invoice_id = i.id where p.id is null;
create materialized view revenue_by_month as
  select date_trunc('month', paid_at) as month, sum(amount) as cents, count(*) as payments from payments group by 1;

analyze;

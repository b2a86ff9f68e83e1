-- Text search configurations, dictionaries, parsers and templates, and an index by them
create extension unaccent;
create text search dictionary plain_german (template = snowball, language = german, stopwords = german);
create text search dictionary simple_words (template = simple, accept = false);
create text search configuration ours (copy = german);
alter text search configuration ours alter mapping for hword, hword_part, word with unaccent, plain_german;
alter text search configuration ours drop mapping for email;
create table pages (id int primary key, body text not null, found tsvector generated always as (to_tsvector('public.ours', body)) stored);
insert into pages (id, body) select n, 'Die Häuser am Fluß ' || n from generate_series(1, 100) as n;
create index pages_found on pages using gin (found);
create index pages_again on pages using gist (to_tsvector('simple', body));

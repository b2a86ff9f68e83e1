import { expect, inject, test } from 'vitest';
import { attempt, environmentFor } from '../task/attempt.ts';
import { kinds, make } from '../gallery/gallery.ts';
import { folderStore, manifestOf, newDatabase } from '../restore/restored.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';

const services = inject('services');

async function dumped(database: { readonly name: string }): Promise<{
  readonly needed: readonly string[];
  readonly warnings: readonly string[];
}> {
  const store = await folderStore();
  const { result, said } = await attempt(
    postgresDump,
    {},
    {
      environment: environmentFor(services, database.name, store.settings),
      repository: store.repository,
      password: services.postgres.password,
    },
  );
  const manifest = await manifestOf(store.repository, result.outputs?.['artifact'] ?? '');
  return { needed: (manifest.needsSearchPath ?? []).map(({ object }) => object), warnings: said.warnings };
}

test.for([
  ['check-by-search-path', ['constraint notes_text_check on table public.notes']],
  ['function-of-an-index-by-search-path', ['index public.cities_by_name']],
  ['generated-column-by-search-path', ['column key of table public.products']],
  ['materialised-view-by-search-path', ['materialized view public.totals']],
] as const)('the dump warns by name of what needs a search path: %s', async ([name, objects]) => {
  const kind = kinds().find((each) => each.name === name);
  if (kind === undefined) throw new Error(`the gallery has no ${name}`);
  const { needed, warnings } = await dumped(await make(services, kind));
  expect(needed).toEqual(objects);
  for (const object of objects)
    expect(warnings).toContainEqual(expect.stringContaining(`${object} cannot be made under`));
});

test('what is found without a path, or with its own, is not warned of; views and operators are looked through', async () => {
  const { needed } = await dumped(
    await newDatabase(`
      create table t (x text); create function inner_one(text) returns text language sql immutable as 'select $1';
      create function qualified(text) returns text language sql immutable as 'select public.inner_one($1)';
      create function own_path(text) returns text language sql immutable set search_path = public as 'select inner_one($1)';
      create function written(text) returns text language plpgsql immutable
        as $$ begin /* inner_one(x) */ raise notice 'inner_one(x)'; return public.inner_one($1); end $$; -- inner_one(x)
      create function standard(text) returns text language sql immutable return inner_one($1);
      create function unused(text) returns text language sql immutable as 'select inner_one($1)';
      create index on t (qualified(x)); create index on t (own_path(x));
      create index on t (written(x)); create index on t (standard(x));
      create function less(text, text) returns bool language sql immutable as 'select inner_one($1) < $2';
      create operator <<< (leftarg = text, rightarg = text, function = less);
      alter table t add constraint by_operator check (x <<< 'b');
      create view v as select unused(x) from t; create materialized view through_a_view as select * from v`),
  );
  expect(needed).toEqual([
    'constraint by_operator on table public.t',
    'materialized view public.through_a_view',
  ]);
});

import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startLoadingCluster, type LoadingCluster } from '../../../src/postgres/loading-cluster.ts';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { expectEqual, runSql, whoMayDoWhat } from '../dump/stock-tools.ts';
import { dumpInto, folderStore, newDatabase, newName, restore } from '../restore/restored.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { kinds, make, type Kind } from './gallery.ts';
import { intoThrowAwayCluster } from './throw-away.ts';

const services = inject('services');

/** One for all kinds: a plan's run has its own. */
let scratch: LoadingCluster;
beforeAll(async () => {
  scratch = await startLoadingCluster(undefined, new AbortController().signal);
});
afterAll(() => scratch.stop());

const possible = kinds().filter(({ until }) => services.postgres.major <= until);
test.for(possible.map((kind) => [kind.description, kind] as const))('%s', async ([, kind]) => {
  const source = await make(services, kind);
  const likeness = await whoMayDoWhat(services, source.name);
  for (const format of ['custom', 'directory'] as const) {
    const store = await folderStore();
    const manifest = await dumpInto(store, source, { format, fingerprint: 'content', globals: true });
    const unknown = manifest.fingerprint.tables.filter((table) => table.unknown !== undefined);
    expect(unknown).toEqual([]);
    const options = {
      environment: environmentFor(services, source.name, store.settings),
      repository: store.repository,
      password: services.postgres.password,
    };
    await attempt(artifactVerify, { artifact: manifest.name }, options);
    await intoThrowAwayCluster(scratch.postgres, manifest.name, options, accepting(kind));

    const target = newName();
    const { facts } = await restore(
      { database: target, artifact: manifest.name, ...accepting(kind) },
      { store, of: source },
    );
    expect(facts.incomplete ?? []).toHaveLength(kind.accept.length);
    const environment = environmentFor(services, target, store.settings);
    await attempt(restoreCompare, { artifact: manifest.name, from: 'test' }, { ...options, environment });
    if (kind.equal === 'everything') await expectEqual(services, target, source.name);
    const privileges = manifest.files.find(({ role }) => role === 'privileges');
    expect(await runSql(services, target, join(store.folder, privileges?.key ?? ''))).toBe('');
    if (kind.equal !== 'nothing') expect(await whoMayDoWhat(services, target)).toBe(likeness);
  }
});

function accepting({ accept }: Kind): { accept?: [string, ...string[]] } {
  const [first, ...others] = accept;
  return first === undefined ? {} : { accept: [first, ...others] };
}

test('of thousands of tables owners and privileges are kept as well, when the dump has let go of its locks', async () => {
  const source = await newDatabase(`do $$ begin
    for n in 1..2050 loop execute format('create table %I ()', 'table ' || n); end loop; end $$`);
  const { files } = await dumpInto(await folderStore(), source);
  expect(files.map(({ role }) => role)).toEqual(['dump', 'privileges', 'checksums', 'guide']);
});

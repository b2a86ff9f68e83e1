import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { parseManifest, renderManifest, type Manifest } from '../../../src/artifact/manifest.ts';
import { manifestKey, verificationKey } from '../../../src/artifact/name.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import type { AgeEncryption, Environment } from '../../../src/language/environment/environment.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { SecretReference } from '../../../src/language/secret-reference.ts';
import type { TaskResult } from '../../../src/task/contract.ts';
import verify from '../../../tasks/artifact-verify.ts';
import dump from '../../../tasks/postgres-dump.ts';
import { flip } from '../../fixtures/flip.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import {
  createFolderRepository,
  createS3Repository,
  secretsFrom,
  type TestRepository,
} from '../../services/repository.ts';
import { realProgram } from '../dump/fake.ts';
import { libpqVariables } from '../dump/stock-tools.ts';
import { newRunId } from '../restore/restored.ts';
import { attempt, type AttemptOptions, type Said } from '../task/attempt.ts';

const services = inject('services');
const run = promisify(execFile);

let database: TestDatabase;
let identity: string;
let recipient: string;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create table orders as select id, md5(id::text) as text from generate_series(1, 60000) id;
    create table invoices as select id from generate_series(1, 10) id;
    create table empty (id int);
    create table nothing ();
    create table parent (id int) partition by range (id);
    create table child partition of parent for values from (0) to (10);
    insert into parent values (1);
    create schema "Büro 1";
    create table "Büro 1"."a ""quoted"" name" as select 1 as x;
    create materialized view totals as select count(*) from orders;
    create materialized view unfilled as select 1 with no data;
    select lo_from_bytea(0, 'photo');
  `);
  const { stdout } = await run('age-keygen');
  identity = /^AGE-SECRET-KEY-.*$/m.exec(stdout)?.[0] ?? '';
  recipient = /public key: (\S+)/.exec(stdout)?.[1] ?? '';
});

afterAll(async () => {
  await dropDatabase(services, database);
});

const password: SecretReference = { kind: 'env', name: 'PASSWORD', position: 'test:1:1' };
const identityReference: SecretReference = { kind: 'env', name: 'IDENTITY', position: 'test:2:2' };

function optionsFor(
  store: TestRepository,
  encrypt?: AgeEncryption,
  changes: Partial<AttemptOptions> = {},
): AttemptOptions {
  const { host, port, user, password: value } = services.postgres;
  const environment: Environment = {
    name: 'prod',
    protected: false,
    postgres: { host, port, user, database: database.name, password, sslmode: 'prefer' },
    repository: { ...store.settings, ...(encrypt !== undefined && { encrypt }) },
  };
  const secrets = secretsFrom({ PASSWORD: value, IDENTITY: identity });
  return { environment, repository: store.repository, password: value, secrets, ...changes };
}

type DumpParameters = Parameters<typeof dump.run>[1];

/** Dumps the database, and gives the artifact's manifest. */
async function dumped(
  store: TestRepository,
  parameters: DumpParameters = {},
  encrypt?: AgeEncryption,
  changes?: Partial<AttemptOptions>,
): Promise<Manifest> {
  const { result } = await attempt(dump, parameters, optionsFor(store, encrypt, changes));
  return manifestOf(store.repository, result.outputs?.['artifact'] ?? '');
}

/** Artifacts that were made once for this file, by how, each in a repository of its own. */
const originals = new Map<string, Promise<{ readonly store: TestRepository; readonly manifest: Manifest }>>();

afterAll(async () => {
  for (const original of originals.values()) await (await original).store.remove();
});

/** Makes a copy of an artifact that was dumped in some way the only thing that a repository holds. */
async function holdOnly(
  { repository }: TestRepository,
  parameters: DumpParameters = {},
  encrypt?: AgeEncryption,
): Promise<Manifest> {
  const key = JSON.stringify([parameters, encrypt]);
  const make = async () => {
    const store = await createFolderRepository();
    return { store, manifest: await dumped(store, parameters, encrypt) };
  };
  const making = originals.get(key) ?? make();
  originals.set(key, making);
  const { store, manifest } = await making;
  await empty(repository);
  for await (const object of store.repository.list(''))
    await repository.put(object.key, await buffer(await store.repository.get(object.key)));
  return structuredClone(manifest);
}

async function empty(repository: Repository): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of repository.list('')) keys.push(key);
  await repository.remove(keys);
}

type VerifyParameters = Parameters<typeof verify.run>[1];
type Verified = TaskResult & Pick<Said, 'notes' | 'warnings'>;

async function verifiedIn(
  store: TestRepository,
  parameters: VerifyParameters = {},
  changes: Partial<AttemptOptions> = {},
  encrypt?: AgeEncryption,
): Promise<Verified> {
  const { result, said } = await attempt(verify, parameters, optionsFor(store, encrypt, changes));
  return { ...result, notes: said.notes, warnings: said.warnings };
}

async function manifestOf(repository: Repository, name: string): Promise<Manifest> {
  const parsed = await parseManifest(await text(await repository.get(manifestKey(name))), name);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.manifest;
}

async function stateOf(store: TestRepository): Promise<string | undefined> {
  return (await listArtifacts(store.repository))[0]?.state;
}

async function replace(
  repository: Repository,
  key: string,
  change: (bytes: Buffer) => Buffer | string,
): Promise<void> {
  const bytes = await buffer(await repository.get(key));
  await repository.remove([key]);
  await repository.put(key, change(bytes));
}

/** Stores other bytes under a file's key, and a manifest that agrees with them. */
async function forge(
  repository: Repository,
  manifest: Manifest,
  key: string,
  change: (bytes: Buffer) => Buffer | Promise<Buffer>,
): Promise<void> {
  const forged = await change(await buffer(await repository.get(key)));
  const sha256 = createHash('sha256').update(forged).digest('hex');
  const bytes = forged.length;
  await replace(repository, key, () => forged);
  const [first, ...rest] = manifest.files.map((file) =>
    file.key === key ? { ...file, bytes, sha256 } : file,
  );
  if (first === undefined) throw new Error('no files');
  const sums = (content: string): string => content.replace(new RegExp(`^\\w{64}(?=  ${key}$)`, 'm'), sha256);
  const files: Manifest['files'] = [first, ...rest];
  const checksums = files.find(({ role }) => role === 'checksums');
  if (checksums !== undefined && checksums.key !== key) {
    await replace(repository, checksums.key, (original) => {
      const changed = sums(original.toString());
      checksums.sha256 = createHash('sha256').update(changed).digest('hex');
      return changed;
    });
  }
  await replace(repository, manifestKey(manifest.name), () => renderManifest({ ...manifest, files }));
}

function fileOf(manifest: Manifest, role: Manifest['files'][number]['role']): string {
  const file = manifest.files.find((candidate) => candidate.role === role);
  if (file === undefined) throw new Error(`no ${role} in ${manifest.name}`);
  return file.key;
}

function fileNamed(manifest: Manifest, key: string): Manifest['files'][number] {
  const file = manifest.files.find((candidate) => candidate.key === key);
  if (file === undefined) throw new Error(`no ${key} in ${manifest.name}`);
  return file;
}

/** Names have whole seconds, so artifacts of one second would collide. */
function clockAhead(seconds: number): Clock {
  return { ...systemClock, now: () => new Date(Date.now() + seconds * 1000) };
}

/** A compressed tar without the files whose names match. */
async function unpackedWithout(bytes: Buffer, names: RegExp): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-test-'));
  try {
    await writeFile(join(folder, 'rest.tar.zst'), bytes);
    await mkdir(join(folder, 'rest'));
    await run('tar', ['--zstd', '-xf', 'rest.tar.zst', '-C', 'rest'], { cwd: folder });
    const matching = (await readdir(join(folder, 'rest'))).filter((name) => names.test(name));
    expect(matching).not.toEqual([]);
    for (const name of matching) await rm(join(folder, 'rest', name));
    await run('tar', ['--zstd', '-cf', 'rest.tar.zst', '-C', 'rest', '.'], { cwd: folder });
    return await readFile(join(folder, 'rest.tar.zst'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const directory = { format: 'directory', jobs: 2 } as const;
const kinds: readonly (readonly [string, DumpParameters])[] = [
  ['custom', {}],
  ['directory', directory],
];
const otherKinds: typeof kinds = [
  ['custom, uncompressed', { compress: 'none' }],
  ['custom with globals', { globals: true }],
  ['directory, uncompressed', { ...directory, compress: 'none' }],
];
const stores = [
  {
    where: 'a folder',
    create: createFolderRepository,
    intact: [...kinds, ...otherKinds],
    encrypted: kinds,
  },
  // What a store does does not depend on how its bytes were made.
  {
    where: 'S3',
    create: () => createS3Repository(services),
    intact: kinds,
    encrypted: kinds.slice(1),
  },
];

describe.each(stores)('in $where', ({ create, intact, encrypted }) => {
  let store: TestRepository;

  beforeAll(async () => {
    store = await create();
  });

  afterAll(async () => {
    await store.remove();
  });

  function verified(
    parameters?: VerifyParameters,
    changes?: Partial<AttemptOptions>,
    encrypt?: AgeEncryption,
  ): Promise<Verified> {
    return verifiedIn(store, parameters, changes, encrypt);
  }

  test.each(intact)('an intact artifact (%s) is read back whole and marked', async (_kind, parameters) => {
    const manifest = await holdOnly(store, parameters);
    expect(await stateOf(store)).toBe('unverified');
    const { outputs, bytes, facts } = await verified();
    expect(outputs).toEqual({ artifact: manifest.name });
    expect(bytes).toBe(manifest.files.reduce((sum, file) => sum + file.bytes, 0));
    expect(facts).toMatchObject({
      verified: [
        { depth: 'full', contents: 'parsed', tables: manifest.fingerprint.tables.length, marked: true },
      ],
    });
    expect(await stateOf(store)).toBe('verified');
  });

  test.each(encrypted)(
    'an encrypted artifact (%s) is parsed with the identity, and hashed without it',
    async (_kind, parameters) => {
      const encrypt = { recipients: [recipient] };
      await holdOnly(store, parameters, encrypt);
      const blind = await verified({}, {}, encrypt);
      expect(blind.facts).toMatchObject({ verified: [{ contents: 'unreadable-here', marked: true }] });
      expect(blind.notes.join()).toMatch(/no identity is configured/);
      const seeing = await verified({ depth: 'full' }, {}, { ...encrypt, identity: identityReference });
      expect(seeing.facts).toMatchObject({ verified: [{ contents: 'parsed' }] });
      const other = (await run('age-keygen')).stdout;
      const stranger = secretsFrom({
        PASSWORD: services.postgres.password,
        IDENTITY: /^AGE-SECRET-KEY-.*$/m.exec(other)?.[0] ?? '',
      });
      await expect(
        verified({ depth: 'full' }, { secrets: stranger }, { ...encrypt, identity: identityReference }),
      ).rejects.toMatchObject({ code: 'secret-unavailable' });
      expect(await stateOf(store)).toBe('verified');
    },
  );

  test('one flipped byte is found, named, and costs the artifact its mark', async () => {
    const manifest = await holdOnly(store);
    await verified();
    const key = fileOf(manifest, 'dump');
    const expected = fileNamed(manifest, key).sha256;
    let found = '';
    await replace(store.repository, key, (bytes) => {
      const damaged = flip(bytes, bytes.length >> 1);
      found = createHash('sha256').update(damaged).digest('hex');
      return damaged;
    });
    expect(await stateOf(store)).toBe('verified');
    await expect(verified({ depth: 'full' })).rejects.toMatchObject({
      code: 'artifact-damaged',
      exitCode: 21,
      message: `${key} is damaged: expected sha256 ${expected}, found sha256 ${found}`,
    });
    expect(await stateOf(store)).toBe('unverified');
  });

  test('a truncated and a missing file are found before anything is read', async () => {
    const manifest = await holdOnly(store);
    const key = fileOf(manifest, 'dump');
    const { bytes: expected } = fileNamed(manifest, key);
    await replace(store.repository, key, (bytes) => bytes.subarray(0, -1));
    for (const depth of ['full', 'head'] as const) {
      await expect(verified({ artifact: 'latest', depth })).rejects.toThrow(
        `${key} is damaged: expected ${String(expected)} bytes, found ${String(expected - 1)} bytes`,
      );
    }
    await store.repository.remove([key]);
    await expect(verified()).rejects.toThrow(
      `${key} is damaged: expected ${String(expected)} bytes, found no such file`,
    );
  });
});

describe('contents', () => {
  let store: TestRepository;

  beforeAll(async () => {
    store = await createFolderRepository();
  });

  afterAll(async () => {
    await store.remove();
  });

  function fresh(parameters: DumpParameters = {}): Promise<Manifest> {
    return holdOnly(store, parameters);
  }

  function verified(parameters?: VerifyParameters, changes?: Partial<AttemptOptions>): Promise<Verified> {
    return verifiedIn(store, parameters, changes);
  }

  test('a flipped byte in the first, the last and a small file is found', async () => {
    const manifest = await fresh(directory);
    for (const { key } of manifest.files) {
      let at = 0;
      await replace(store.repository, key, (bytes) => flip(bytes, (at = bytes.length - 1)));
      await expect(verified(), key).rejects.toThrow(`${key} is damaged: `);
      await replace(store.repository, key, (bytes) => flip(bytes, at));
    }
    await verified();
  });

  test('a dump that is exactly as stored and is no dump is damaged', async () => {
    const manifest = await fresh({ compress: 'none' });
    await forge(store.repository, manifest, fileOf(manifest, 'dump'), () => Buffer.from('<html>503</html>'));
    await expect(verified()).rejects.toThrow(/is damaged: it cannot be read: .*pg_restore/s);
    expect(await stateOf(store)).toBe('unverified');
  });

  test('a dump whose end does not decompress is damaged although its table of contents can be read', async () => {
    const manifest = await fresh();
    await forge(store.repository, manifest, fileOf(manifest, 'dump'), (bytes) => bytes.subarray(0, -2000));
    await expect(verified()).rejects.toThrow(/is damaged: it cannot be read: zstd/);
    await expect(verified({ depth: 'head' })).resolves.toMatchObject({
      warnings: [expect.stringMatching(/stays unverified/)],
    });
  });

  test('a table that the table of contents lacks is named', async () => {
    const manifest = await fresh();
    const tables = [...manifest.fingerprint.tables, { schema: 'public', name: 'photos', rows: 3 }];
    await replace(store.repository, manifestKey(manifest.name), () =>
      renderManifest({ ...manifest, fingerprint: { ...manifest.fingerprint, tables } }),
    );
    for (const depth of ['full', 'head'] as const) {
      await expect(verified({ depth })).rejects.toThrow(/a table of contents without public\.photos$/);
    }
  });

  test('a table of a directory dump that has no data file is named', async () => {
    const manifest = await fresh(directory);
    const rest = fileOf(manifest, 'rest');
    await forge(store.repository, manifest, rest, (bytes) => unpackedWithout(bytes, /^\d+\.dat$/));
    await expect(verified()).rejects.toThrow(/expected a data file for each table, found none for \d+\.dat/);
  });

  test('a directory dump without its large objects is damaged', async () => {
    const manifest = await fresh(directory);
    const [first, ...others] = manifest.files.filter(({ role }) => role !== 'large-objects');
    if (first === undefined) throw new Error('no files');
    await replace(store.repository, manifestKey(manifest.name), () =>
      renderManifest({ ...manifest, files: [first, ...others] }),
    );
    for (const depth of ['full', 'head'] as const) {
      await expect(verified({ depth })).rejects.toThrow(
        /expected large objects \(\d+\), found a table of contents without them$/,
      );
    }
  });

  test('large objects that are a dump of something else are damaged', async () => {
    const manifest = await fresh(directory);
    const pgDump = await realProgram(services.postgres.major, 'pg_dump');
    const { stdout } = await run('bash', ['-c', `"${pgDump}" -Fc -Z0 postgres | zstd -q`], {
      encoding: 'buffer',
      env: { ...process.env, ...libpqVariables(services) },
    });
    await forge(store.repository, manifest, fileOf(manifest, 'large-objects'), () => stdout);
    await expect(verified()).rejects.toThrow(
      /large-objects\.dump\.zst is damaged: expected large objects, found a dump without any/,
    );
  });

  test('a checksums file that contradicts the manifest is damaged', async () => {
    const manifest = await fresh();
    const key = fileOf(manifest, 'checksums');
    await forge(store.repository, manifest, key, (bytes) =>
      Buffer.from(bytes.toString().replace(/^\w{64}/, 'f'.repeat(64))),
    );
    await expect(verified()).rejects.toThrow(
      `${key} is damaged: expected ${fileOf(manifest, 'dump')} with sha256`,
    );
  });

  test('every artifact of this run is read back, and no other one', async () => {
    const runId = newRunId();
    await empty(store.repository);
    const first = await dumped(store, {}, undefined, { runId });
    const second = await dumped(store, { compress: 'none' }, undefined, { runId, clock: clockAhead(1) });
    await dumped(store, {}, undefined, { clock: clockAhead(2) });
    await verified({}, { runId });
    const states = (await listArtifacts(store.repository)).map(({ name, state }) => `${name} ${state}`);
    expect(states.slice(1)).toEqual([`${second.name} verified`, `${first.name} verified`]);
    expect(states[0]).toMatch(/ unverified$/);
  });

  test('depth head is refused for an artifact of this run: green means restorable', async () => {
    const { runId } = await fresh();
    await expect(verified({ depth: 'head' }, { runId })).rejects.toMatchObject({ code: 'check-failed' });
    expect(await stateOf(store)).toBe('unverified');
  });

  test('a verified artifact is looked at by its head, which reads little and leaves the mark as it is', async () => {
    const manifest = await fresh();
    await verified();
    const mark = await text(await store.repository.get(verificationKey(manifest.name)));
    const { bytes, facts } = await verified();
    expect(facts).toMatchObject({ verified: [{ depth: 'head', contents: 'parsed', marked: true }] });
    expect(bytes).toBeLessThanOrEqual(manifest.dump.storedBytes);
    await verified({ depth: 'full' });
    expect(await text(await store.repository.get(verificationKey(manifest.name)))).toBe(mark);
  });

  test('the head of a directory dump is read without the rest of it', async () => {
    await fresh(directory);
    await verified();
    const { bytes, facts } = await verified();
    expect(facts).toMatchObject({
      verified: [{ depth: 'head', contents: 'parsed', files: 2, marked: true }],
    });
    expect(bytes).toBeGreaterThan(0);
  });

  test('a mark that does not count is replaced', async () => {
    const manifest = await fresh();
    await store.repository.put(verificationKey(manifest.name), 'garbage');
    await verified();
    expect(await stateOf(store)).toBe('verified');
  });

  test('a repository without artifacts is a failure, not a success', async () => {
    const empty = await createFolderRepository();
    try {
      await expect(attempt(verify, {}, optionsFor(empty))).rejects.toMatchObject({
        code: 'artifact-missing',
      });
    } finally {
      await empty.remove();
    }
  });

  test('a cancelled reading ends its programs and marks nothing', async () => {
    await fresh();
    const reason = new Error('the operator stopped it');
    const abort = new AbortController();
    const onProgress = (): void => {
      abort.abort(reason);
    };
    await expect(verified({}, { signal: abort.signal, onProgress })).rejects.toThrow(reason);
    expect(await stateOf(store)).toBe('unverified');
  });

  test('a missing zstd is a missing tool and no damage', async () => {
    await fresh();
    await verified();
    const hidden = { variables: { PATH: '/nowhere' } };
    await expect(verified({ depth: 'full' }, hidden)).rejects.toMatchObject({ code: 'tool-missing' });
    expect(await stateOf(store)).toBe('verified');
  });
});

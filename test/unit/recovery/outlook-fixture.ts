import type { Artifact, ArtifactFacts } from '../../../src/artifact/artifact.ts';
import type { Outlook } from '../../../src/recovery/outlook.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { RestoreTarget } from '../../../src/postgres/restore-target.ts';
import { requestOf } from '../../../src/restore/restore-request.ts';

const at = '2025-01-01T02:00:00.000Z';

export function environment(name: string, changes: Partial<Environment> = {}): Environment {
  return {
    name,
    protected: false,
    postgres: { host: 'db.internal', port: 5432, user: 'app', database: 'live', sslmode: 'prefer' },
    repository: { store: { kind: 'folder', folder: '/srv/backups' } },
    ...changes,
  };
}

export function storedArtifact({
  name = 'pg_cleaning_20250101T020000Z',
  damage,
}: { name?: string; damage?: string } = {}): Artifact {
  const stored = {
    name,
    database: 'cleaning',
    environment: 'prod',
    createdAt: new Date(at),
    objects: [],
    bytes: 2e9,
  };
  if (damage !== undefined) return { ...stored, state: 'damaged', reason: damage };
  return {
    ...stored,
    drilledAt: new Date(at),
    state: 'verified',
    facts: facts(name),
    manifestSha256: 'f'.repeat(64),
    verification: {
      format: 1,
      name,
      manifestSha256: 'f'.repeat(64),
      verifiedAt: at,
      runId: 'nightly-20250101T020000Z-0000',
      contents: 'parsed',
      depth: 'full',
    },
  };
}

function facts(name: string): ArtifactFacts {
  return {
    format: 1,
    name,
    environment: 'prod',
    database: 'cleaning',
    runId: 'nightly-20250101T020000Z-0000',
    plan: 'nightly',
    planHash: '0'.repeat(64),
    createdAt: at,
    durationMs: 1000,
    recoveryPoint: { time: at, lsn: null, storeTime: at },
    dump: { format: 'custom', compression: 'zstd', recipients: [], rawBytes: null, storedBytes: 2e9 },
    server: {
      version: '17.2',
      major: 17,
      systemIdentifier: '1',
      databaseBytes: 8e9,
      encoding: 'UTF8',
      collation: 'C.UTF-8',
      extensions: [],
    },
    tools: {},
  };
}

export function target({
  database = 'cleaning_restored',
  tables,
}: { database?: string; tables?: readonly string[] } = {}): RestoreTarget {
  return {
    endpoint: { host: 'db.internal', port: 5432, user: 'app', database, sslmode: 'prefer' },
    serverVersion: '17.2',
    major: 17,
    systemIdentifier: '2',
    existing: tables === undefined ? undefined : { tables, bytes: 1e9, comment: null, mayBeMadeAnew: false },
    mayCreateDatabases: true,
    availableExtensions: new Set(),
    tablespaces: new Set(),
    resources: { isLocal: false, freeBytes: undefined, sharedBuffersBytes: 0, maxParallelWorkers: 2 },
  };
}

/** A whole artifact into a new database of another server. */
export function outlook(changes: Partial<Outlook> = {}): Outlook {
  const artifact = storedArtifact();
  return {
    source: {
      kind: 'artifact',
      name: artifact.name,
      from: environment('prod'),
      artifact,
      facts: facts(artifact.name),
    },
    to: environment('staging'),
    choseTarget: true,
    database: 'cleaning_restored',
    target: target(),
    request: requestOf({}, {}),
    isSourceServer: false,
    notes: [],
    past: { at: '2024-12-24T03:00:00.000Z', bytes: 1e9, durationMs: 600_000 },
    ...changes,
  };
}

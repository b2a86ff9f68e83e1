import { defined } from '../base/defined.ts';
import type { RepositorySettings } from '../language/environment/environment.ts';
import type { UsedCollation } from '../postgres/collations.ts';
import type { Fingerprint } from '../postgres/fingerprint.ts';
import type { NeededSearchPath } from '../postgres/needed-search-path.ts';
import type { ServerFacts } from '../postgres/server-facts.ts';
import type { Snapshot } from '../postgres/snapshot.ts';
import type { Compression } from './compression.ts';
import { describePartial, type PartialDump } from './partial.ts';
import { isData, type Manifest, type ManifestFile } from './manifest.ts';
import { renderRestoreGuide } from './restore-guide.ts';
import type { StoredDump } from './store-dump.ts';
import type { UploadsInstant } from './uploads-instant.ts';

/** Everything that is known of a dump once its files are stored. */
export interface FinishedDump {
  readonly name: string;
  readonly environment: string;
  readonly database: string;
  readonly run: { readonly id: string; readonly plan: string; readonly planHash: string };
  readonly createdAt: Date;
  readonly durationMs: number;
  /** The repository's clock right after the snapshot. */
  readonly storeTime: Date;
  /** The same on the uploads bucket's clock, where the environment has one. */
  readonly uploads: UploadsInstant | undefined;
  readonly format: 'custom' | 'directory';
  readonly compression: Compression;
  readonly recipients: readonly string[];
  readonly dump: StoredDump & { readonly encoding: string };
  readonly files: readonly ManifestFile[];
  readonly facts: ServerFacts;
  readonly snapshot: Snapshot;
  readonly fingerprint: Fingerprint;
  /** What the plan left out; undefined of a whole dump. */
  readonly partial: PartialDump | undefined;
  readonly needsSearchPath: readonly NeededSearchPath[];
  readonly collations: readonly UsedCollation[];
  /** Programs that took part, with their versions. */
  readonly tools: Readonly<Record<string, string>>;
}

/** Objects that need a search path which a manifest names. */
const mostKept = 100;

/** The manifest of a finished dump, but for its list of files, which is complete only when it is stored. */
export function manifestOf(dump: FinishedDump): Omit<Manifest, 'files'> {
  const { facts, snapshot, fingerprint } = dump;
  return {
    format: 1,
    name: dump.name,
    environment: dump.environment,
    database: dump.database,
    runId: dump.run.id,
    plan: dump.run.plan,
    planHash: dump.run.planHash,
    createdAt: dump.createdAt.toISOString(),
    durationMs: Math.round(dump.durationMs),
    recoveryPoint: {
      time: snapshot.time.toISOString(),
      lsn: snapshot.lsn,
      storeTime: dump.storeTime.toISOString(),
      ...defined({ uploads: dump.uploads }),
    },
    dump: {
      format: dump.format,
      compression: dump.compression.kind,
      encoding: dump.dump.encoding,
      recipients: [...dump.recipients],
      rawBytes: dump.dump.rawBytes,
      storedBytes: dumpBytes(dump.files),
    },
    ...defined({ partial: dump.partial }),
    ...(dump.needsSearchPath.length > 0 && {
      needsSearchPath: dump.needsSearchPath.slice(0, mostKept).map((needed) => ({ ...needed })),
    }),
    ...(dump.collations.length > 0 && {
      collations: dump.collations
        .slice(0, mostKept)
        .map(({ name, version, indexes }) => ({ name, version, indexes })),
    }),
    server: {
      version: facts.version,
      major: facts.major,
      systemIdentifier: snapshot.systemIdentifier,
      databaseBytes: facts.databaseBytes,
      encoding: facts.locale.encoding,
      collation: facts.locale.collation,
      ...(facts.locale.characterType !== facts.locale.collation && {
        characterType: facts.locale.characterType,
      }),
      ...(facts.locale.icu !== null && { icu: facts.locale.icu }),
      extensions: snapshot.extensions.map((extension) => ({ ...extension })),
    },
    tools: { ...dump.tools },
    fingerprint: {
      ...fingerprint,
      tables: fingerprint.tables.map((table) => ({ ...table })),
    },
  };
}

/** RESTORE.md of a finished dump. */
export function restoreGuideOf(
  dump: FinishedDump,
  options: {
    readonly location: string;
    readonly store: RepositorySettings['store'] | undefined;
    readonly checksums: string;
    readonly jobs: number;
  },
): string {
  const s3 = options.store?.kind === 's3' ? options.store.s3 : undefined;
  return renderRestoreGuide({
    name: dump.name,
    database: dump.database,
    ...(dump.partial !== undefined && {
      partial: { words: describePartial(dump.partial), schemas: dump.partial.schemas ?? [] },
    }),
    createdAt: dump.createdAt,
    location: options.location,
    ...(s3?.endpoint !== undefined && { endpoint: s3.endpoint }),
    ...(s3?.region !== undefined && { region: s3.region }),
    format: dump.format,
    compressed: dump.compression.kind === 'zstd',
    encrypted: dump.recipients.length > 0,
    checksums: options.checksums,
    dump: dump.dump.key,
    largeObjects: dump.files.find((file) => file.role === 'large-objects')?.key,
    globals: dump.files.find((file) => file.role === 'globals')?.key,
    privileges: dump.files.find((file) => file.role === 'privileges')?.key,
    needSearchPath: dump.needsSearchPath.slice(0, mostKept).map(({ object }) => object),
    jobs: options.jobs,
    serverMajor: dump.facts.major,
    locale: dump.facts.locale,
  });
}

/** Stored bytes of the data itself, without globals, checksums and guide. */
export function dumpBytes(files: readonly ManifestFile[]): number {
  return files.filter(isData).reduce((sum, file) => sum + file.bytes, 0);
}

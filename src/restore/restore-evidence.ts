import type { RestoreFacts } from '../language/facts.ts';
import type { FinishedRestore } from './restore-database.ts';
import { describePartial } from '../artifact/partial.ts';
import { describeLeft } from './try-again.ts';
import { dataBytes, provingFile } from './restore-source.ts';

/** What a finished restore gives to the record. Pure. */
export function restoreFacts(
  finished: FinishedRestore,
  found: Pick<RestoreFacts, 'recoveryPointAgeMs' | 'versionId'>,
): RestoreFacts {
  const { source, target, tools, settings, timeline, harmless, left, after, listing, privileges } = finished;
  const common = {
    target: {
      host: target.endpoint.host,
      port: target.endpoint.port,
      database: target.endpoint.database,
      serverVersion: target.serverVersion,
      systemIdentifier: target.systemIdentifier,
      databaseBytes: after.databaseBytes,
    },
    jobs: settings.jobs,
    settings: settings.session,
    phases: timeline.phases(),
    harmless: harmless.map(({ object, message, reason }) => ({ object, message, reason })),
    remarks: [...left.map((object) => `not there, as accepted: ${describeLeft(object)}`), ...after.remarks],
    ...(left.length > 0 && { incomplete: left }),
    privileges,
    ...found,
  };
  if (source.kind === 'file') {
    return {
      artifact: null,
      from: null,
      source: source.path,
      sha256: source.sha256,
      manifestSha256: null,
      createdAt: null,
      recoveryPoint: null,
      format: source.format,
      storedBytes: source.bytes,
      rawBytes: null,
      sourceDatabaseBytes: null,
      dumpedFrom:
        listing.serverVersion === undefined
          ? null
          : { serverVersion: listing.serverVersion, systemIdentifier: null },
      tools: { pg_restore: tools.version },
      ...common,
    };
  }
  const { manifest, manifestSha256, from, repository } = source;
  return {
    artifact: manifest.name,
    ...(manifest.partial !== undefined && { artifactPartial: describePartial(manifest.partial) }),
    from: from.name,
    source: repository.location,
    sha256: provingFile(manifest)?.sha256 ?? null,
    manifestSha256,
    createdAt: manifest.createdAt,
    recoveryPoint: manifest.recoveryPoint,
    format: manifest.dump.format,
    storedBytes: dataBytes(manifest),
    rawBytes: manifest.dump.rawBytes,
    sourceDatabaseBytes: manifest.server.databaseBytes,
    dumpedFrom: {
      serverVersion: manifest.server.version,
      systemIdentifier: manifest.server.systemIdentifier,
    },
    tools: { ...manifest.tools, pg_restore: tools.version },
    ...common,
  };
}

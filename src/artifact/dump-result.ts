import type { Manifest } from './manifest.ts';
import { describePartial } from './partial.ts';

/** What a dump step gives to later steps and to the record. */
export interface DumpResult {
  readonly outputs: { readonly artifact: string; readonly bytes: string; readonly sha256: string };
  readonly bytes: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The result of a stored artifact. `sha256` is the dump's, or its checksums' where the dump is many files. */
export function dumpResult(manifest: Manifest): DumpResult {
  const { partial, dump, server, tools, fingerprint, recoveryPoint, files } = manifest;
  const whole = files.find((file) => file.role === 'dump') ?? files.find((file) => file.role === 'checksums');
  return {
    outputs: {
      artifact: manifest.name,
      bytes: String(dump.storedBytes),
      sha256: whole?.sha256 ?? '',
    },
    bytes: dump.storedBytes,
    facts: {
      artifact: manifest.name,
      ...(partial !== undefined && { partial: describePartial(partial) }),
      format: dump.format,
      rawBytes: dump.rawBytes,
      storedBytes: dump.storedBytes,
      ...(dump.rawBytes !== null && { compressionRatio: ratio(dump.rawBytes, dump.storedBytes) }),
      files: files.length,
      tables: fingerprint.tables.length,
      ...(fingerprint.mode !== 'none' && {
        rows: fingerprint.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0),
      }),
      largeObjects: fingerprint.largeObjects ?? 0,
      recoveryPoint,
      serverVersion: server.version,
      tools,
    },
  };
}

/** How many times smaller it became, to two digits after the point. */
function ratio(rawBytes: number, storedBytes: number): number {
  return Math.round((rawBytes / Math.max(1, storedBytes)) * 100) / 100;
}

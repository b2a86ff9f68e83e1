import { availableParallelism, totalmem } from 'node:os';
import type { ServerResources } from './restore-target.ts';

/** How a restore works on its server. */
export interface RestoreSettings {
  /** Tables and indexes at a time. */
  readonly jobs: number;
  /** Settings of the restore's own sessions; nothing of the server itself is changed. */
  readonly session: Readonly<Record<string, string>>;
}

export interface HostResources {
  readonly processors: number;
  readonly memoryBytes: number;
}

const mebibyte = 1024 * 1024;

/**
 * Bounds of `maintenance_work_mem` for each job, bytes. More is not always faster: sorting in the processor's cache and
 * writing runs beats one large sort (the same indexes took 21 s with 64 MB and 26 s with 512 MB).
 */
const leastMaintenanceBytes = 64 * mebibyte;
const mostMaintenanceBytes = 256 * mebibyte;
/** The share of memory that all jobs together may take for building indexes. */
const maintenanceShare = 1 / 16;

/** An administrator gives Postgres a quarter of a server's memory (its documentation, "Resource Consumption"). */
const sharedBuffersShare = 1 / 4;

/**
 * A dump of so few rows and objects is loaded by one process in less time than several need to begin: each reads the
 * contents, logs in and waits for the others.
 */
const smallDump = { bytes: 4 * mebibyte, entries: 400 } as const;

/** A server elsewhere does not tell its processors: this many jobs fit what it allows itself, and never more. */
const mostJobsElsewhere = 8;

export function thisHost(): HostResources {
  return { processors: availableParallelism(), memoryBytes: totalmem() };
}

/** How much there is to load. */
export interface DumpExtent {
  /** Of the dump, not compressed; undefined where that is not known. */
  readonly bytes: number | undefined;
  /** In its table of contents. */
  readonly entries: number;
}

/**
 * Chooses jobs and session settings by the server's memory and processors: this host's where the server is on it,
 * otherwise what its own settings let one guess. A small dump gets one job where nobody said how many. Pure.
 */
export function chooseRestoreSettings(
  server: ServerResources & { readonly major: number },
  host: HostResources,
  jobs: number | 'auto',
  dump: DumpExtent,
): RestoreSettings {
  const processors = server.isLocal
    ? host.processors
    : Math.max(1, Math.min(mostJobsElsewhere, server.maxParallelWorkers));
  const memoryBytes = server.isLocal ? host.memoryBytes : server.sharedBuffersBytes / sharedBuffersShare;
  const chosen = jobs === 'auto' ? (isSmall(dump) ? 1 : processors) : jobs;
  const each = (memoryBytes * maintenanceShare) / chosen;
  const maintenance = Math.max(leastMaintenanceBytes, Math.min(mostMaintenanceBytes, each));
  return {
    jobs: chosen,
    session: {
      // A restore that is lost with the server is begun again; no commit of it needs to wait for the disk.
      synchronous_commit: 'off',
      maintenance_work_mem: `${String(Math.floor(maintenance / mebibyte))}MB`,
      // With fewer jobs than processors one index may take the rest of them.
      max_parallel_maintenance_workers: String(Math.max(0, Math.floor(processors / chosen) - 1)),
      // A backend in a long statement sees within seconds that its client is gone.
      ...(server.major >= 14 && { client_connection_check_interval: '5000' }),
    },
  };
}

function isSmall({ bytes, entries }: DumpExtent): boolean {
  return bytes !== undefined && bytes <= smallDump.bytes && entries <= smallDump.entries;
}

/**
 * Shapes of `TaskResult.facts` that a drill's evidence knows how to show, whoever's task gives them: under the key named
 * in each comment. Plain JSON: times are ISO 8601 in UTC, durations milliseconds, sizes bytes.
 */

/** `checks`: everything that a step has asserted, one entry each, also those that passed. */
export interface CheckFact {
  readonly name: string;
  readonly state: 'passed' | 'failed';
  /** What was wanted and what was found, in words. */
  readonly expected?: string;
  readonly found?: string;
  /** Why it failed, when expected and found do not say it. */
  readonly message?: string;
  readonly durationMs?: number;
}

/** `restore`: a restored artifact. */
export interface RestoreFacts {
  /** The artifact's name, or null for a file of another tool. */
  readonly artifact: string | null;
  /** What a partial artifact holds or lacks, in words; absent of a whole one. */
  readonly artifactPartial?: string;
  /** Environment whose repository holds it, or null for a file. */
  readonly from: string | null;
  /** The repository's location, or the file's path. */
  readonly source: string;
  /** sha256 of what was restored, hex: of the dump, or of the checksums file of a dump of many files. */
  readonly sha256: string | null;
  readonly manifestSha256: string | null;
  /** Version of the stored object, where the store has versions. */
  readonly versionId: string | null;
  readonly createdAt: string | null;
  readonly recoveryPoint: {
    readonly time: string;
    readonly storeTime: string;
    readonly lsn: string | null;
  } | null;
  /** Age of the recovery point when the restore began, milliseconds. */
  readonly recoveryPointAgeMs: number | null;
  readonly format: 'custom' | 'directory' | 'tar' | 'sql';
  readonly storedBytes: number;
  /** Before compression, where that is known. */
  readonly rawBytes: number | null;
  /** Size of the source database with its indexes, from the manifest. */
  readonly sourceDatabaseBytes: number | null;
  readonly target: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly serverVersion: string;
    readonly systemIdentifier: string | null;
    /** Size of the restored database with its indexes. */
    readonly databaseBytes: number;
  };
  readonly dumpedFrom: { readonly serverVersion: string; readonly systemIdentifier: string | null } | null;
  readonly tools: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** Settings of the restore's own sessions. */
  readonly settings: Readonly<Record<string, string>>;
  readonly phases: readonly PhaseFact[];
  /** Objects that could not be made and that the plan accepts; absent when there are none. */
  readonly incomplete?: readonly {
    readonly object: string;
    readonly statement: string;
    readonly message: string;
  }[];
  /** pg_restore's errors that are known to be harmless. */
  readonly harmless: readonly {
    readonly object: string;
    readonly message: string;
    readonly reason: string;
  }[];
  /** What was found wrong or worth a look after the load, in words. */
  readonly remarks: readonly string[];
  /** Absent in records of before owners and privileges were looked at. */
  readonly privileges?: PrivilegesFacts;
}

/** What became of the source's owners and privileges. */
export interface PrivilegesFacts {
  readonly mode: 'restore' | 'none' | 'report';
  /** What the restored database would have let more people do than the dumped one, and does not, in words. */
  readonly closed: readonly string[];
  /** The same where it does. */
  readonly open: readonly string[];
  /** Statements that were run. */
  readonly statements?: number;
  /** Roles that the server had not, and those of the artifact that others stand for. */
  readonly rolesMade?: readonly string[];
  readonly rolesMissing?: readonly string[];
  readonly rolesMapped?: readonly string[];
  /** Statements that `restore` would run, by kind, and the file that holds them. */
  readonly wouldRun?: Readonly<Record<string, number>>;
  readonly script?: string;
}

/** One part of a longer step, for a timeline. */
export interface PhaseFact {
  readonly name: string;
  /** From the step's start, milliseconds. */
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly bytes?: number;
}

/** `compare`: restored tables held against the manifest's fingerprint. */
export interface CompareFacts {
  readonly mode: 'counts' | 'content' | 'none';
  readonly artifact: string;
  readonly tables: number;
  /** Rows of all compared tables, as restored. */
  readonly rows: number;
  /** Whether owners, privileges and settings were compared, too. */
  readonly privileges?: boolean;
  readonly differences: readonly {
    /** `schema.table`, or what of which object: `owner of table public.orders`. */
    readonly table: string;
    readonly expected: string;
    readonly found: string;
  }[];
}

/** `signOff`: a question to a person. */
export interface SignOffFact {
  /** Id of the step. */
  readonly check: string;
  readonly text: string;
  readonly state: 'open' | 'signed' | 'rejected';
  readonly by?: string;
  readonly at?: string;
}

/** `probes`: what a watch over a running service has measured. */
export interface ProbeFacts {
  readonly probes: number;
  readonly errors: number;
  /** 0 to 1. */
  readonly errorRate: number;
  readonly p95Ms: number | null;
  readonly durationMs: number;
}

// `tests` is a `TestReport` of src/check/junit/test-report.ts: counts and failures of a JUnit report.

import type { PostgresRestoreParameters } from '../language/generated/postgres-restore.types.ts';
import type { LogFormat } from '../language/settings/settings.ts';

/** Most jobs that a command line takes. */
export const mostJobs = 64;

/** What may become of the source's owners and privileges. */
export const privilegeModes = ['restore', 'none', 'report'] as const;

/** What a flag is given, by kind. `no`: true unless `--no-…` is said. */
export interface Values {
  readonly text: string;
  readonly list: readonly string[];
  readonly switch: true;
  readonly jobs: number | 'auto';
  readonly privileges: (typeof privilegeModes)[number];
  readonly word: string | true;
  readonly no: boolean;
}

/** One thing that can be wished of a restore. */
export interface WishOption {
  /** As the grammar takes it. */
  readonly flags: string;
  readonly description: string;
  readonly kind: keyof Values;
  /** The parameter of postgres-restore that it sets; one of `only` after a point. */
  readonly parameter?:
    keyof PostgresRestoreParameters | `only.${keyof NonNullable<PostgresRestoreParameters['only']>}`;
  /** Of this attempt alone: a command line that goes on with the restore does not say it. */
  readonly once?: true;
}

/** Everything that can be wished, in the order in which help shows it: one more is a row here. */
export const wishOptions = {
  from: {
    flags: '--from <environment>',
    description: 'whose repository holds the artifact',
    kind: 'text',
    parameter: 'from',
  },
  artifact: {
    flags: '--artifact <which>',
    description: "latest, a name, a time (the newest before it), or a dump's path (default: latest)",
    kind: 'text',
    parameter: 'artifact',
  },
  to: {
    flags: '--to <environment>',
    description: 'where to restore (default: where the artifact is from)',
    kind: 'text',
  },
  database: {
    flags: '--database <name>',
    description: 'database to restore into (default: a new one, NAME_restored_TIME)',
    kind: 'text',
    parameter: 'database',
  },
  jobs: {
    flags: '--jobs <number>',
    description: 'tables and indexes at a time, or auto',
    kind: 'jobs',
    parameter: 'jobs',
  },
  onlySchema: {
    flags: '--only-schema <name...>',
    description: 'only these schemas',
    kind: 'list',
    parameter: 'only.schemas',
  },
  onlyTable: {
    flags: '--only-table <name...>',
    description: 'only these tables, without their indexes and constraints',
    kind: 'list',
    parameter: 'only.tables',
  },
  schemaOnly: {
    flags: '--schema-only',
    description: 'definitions without rows',
    kind: 'switch',
    parameter: 'schema-only',
  },
  dataOnly: {
    flags: '--data-only',
    description: 'rows without definitions, into tables that are there',
    kind: 'switch',
    parameter: 'data-only',
  },
  roles: {
    flags: '--roles',
    description: "create the artifact's roles that are missing, without passwords",
    kind: 'switch',
    parameter: 'roles',
  },
  privileges: {
    flags: '--privileges <what>',
    description:
      "restore: also the source's owners and grants; report: tell what that would do; none: close what the source had closed (default)",
    kind: 'privileges',
    parameter: 'privileges',
  },
  singleTransaction: {
    flags: '--single-transaction',
    description: 'all or nothing, by one process',
    kind: 'switch',
    parameter: 'single-transaction',
  },
  replace: {
    flags: '--replace',
    description: 'restore over what is there: the database is dropped first; of a part, its tables',
    kind: 'switch',
    parameter: 'replace',
    once: true,
  },
  sameServer: {
    flags: '--same-server',
    description: 'allow the server that the artifact was dumped from',
    kind: 'switch',
    parameter: 'same-server',
  },
  accept: {
    flags: '--accept <name...>',
    description:
      'objects without which the restore is good: schema.name with what belongs to it, or schema.*',
    kind: 'list',
    parameter: 'accept',
  },
  allowCreateInDump: {
    flags: '--allow-create-in-dump',
    description: 'allow a dump that creates a database',
    kind: 'switch',
    parameter: 'allow-create-in-dump',
  },
  compare: {
    flags: '--no-compare',
    description: 'do not hold the restored tables against the artifact afterwards',
    kind: 'no',
  },
  list: { flags: '--list', description: 'list what can be restored and stop', kind: 'switch', once: true },
  dryRun: {
    flags: '--dry-run',
    description: 'show what would happen, look at the target, write nothing',
    kind: 'switch',
    once: true,
  },
  resume: {
    flags: '--resume',
    description: 'go on with an unfinished restore',
    kind: 'switch',
    parameter: 'resume',
  },
  yes: {
    flags: '--yes [environment]',
    description: 'confirm; a protected environment wants its name',
    kind: 'word',
  },
} as const satisfies Readonly<Record<string, WishOption>>;

type WishOptions = typeof wishOptions;

/**
 * What is wished of a restore: what a command line says, and after `settle` every choice that was made of what it left
 * open.
 */
export type RestoreWish = {
  readonly [Key in keyof WishOptions as WishOptions[Key]['kind'] extends 'no' ? never : Key]?:
    Values[WishOptions[Key]['kind']] | undefined;
} & { readonly compare: boolean };

/** The same with what every command takes. */
export interface RestoreFlags extends RestoreWish {
  readonly logFormat?: LogFormat | undefined;
  readonly json?: true | undefined;
  readonly config?: string | undefined;
}

// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of postgres-restore.
 */
export interface PostgresRestoreParameters {
  /**
   * Environment whose repository holds the artifact; the step's own unless said.
   */
  from?: string;
  /**
   * latest, latest-partial, oldest, random, rotate (of the age class that was longest not drilled), an artifact's name, a time (the newest before it), or the path of a dump on this host, written with a slash.
   */
  artifact?: string;
  /**
   * Database to restore into, made when absent; the environment's own unless said.
   */
  database?: string;
  /**
   * Tables and indexes restored at a time; auto: as many as the server has processors, and of a dump of a few megabytes one after the other.
   */
  jobs?: number | 'auto';
  /**
   * Restore into a database that holds tables. Of a whole dump the database is dropped and made anew, its sessions ended; of a part, in one transaction, or where the role may not, what the dump holds is dropped and made anew.
   */
  replace?: boolean;
  /**
   * Restore into the server that the artifact was dumped from.
   */
  'same-server'?: boolean;
  /**
   * Restore a dump whose contents create a database; ALLOW_CREATE_IN_DUMP=1 says the same.
   */
  'allow-create-in-dump'?: boolean;
  /**
   * All or nothing, by one process: slower, and a failure leaves the database as it was.
   */
  'single-transaction'?: boolean;
  /**
   * Restore a part of the dump: these schemas, and of them these tables (without their indexes and constraints, as pg_restore has it).
   */
  only?: {
    /**
     * Schemas, by name.
     *
     * Items: A schema.
     */
    schemas?: string[];
    /**
     * Tables, by name without schema.
     *
     * Items: A table.
     */
    tables?: string[];
  };
  /**
   * Objects without which the restore is good, when the server refuses them for good: schema.name with what belongs to it, or schema.*; they are named in warnings and in the record.
   *
   * Items: An object, or all of a schema.
   */
  accept?: string[];
  /**
   * Definitions without rows.
   */
  'schema-only'?: boolean;
  /**
   * Rows without definitions, into tables that exist.
   */
  'data-only'?: boolean;
  /**
   * Create the roles that the artifact holds (globals), without passwords, before the restore.
   */
  roles?: boolean;
  /**
   * What becomes of the source's owners, grants, default privileges and settings of the database, which lie beside the dump. none: they stay out, and what the source had closed is closed. restore: they are given after the load; roles that the server lacks are made without login. report: as none, and tells what restore would do.
   */
  privileges?: 'none' | 'restore' | 'report';
  /**
   * Roles of the target that stand for roles of the source, by the source's names.
   */
  'owner-map'?: {
    /**
     * The role of the target.
     */
    [k: string]: string | undefined;
  };
  /**
   * Go on with an unfinished restore of the same artifact where that is safe, otherwise begin anew in the database that it had made.
   */
  resume?: boolean;
  /**
   * Folder for what must lie on disk: small tables of a directory dump; the state folder unless said.
   */
  scratch?: string;
  /**
   * Folder of the Postgres client programs, when they are not where packages put them.
   */
  'client-folder'?: string;
}

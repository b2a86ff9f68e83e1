// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What is known of an artifact, stored beside it and written last. An artifact without a manifest is not an artifact.
 */
export interface Manifest {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The artifact's name: what an operator types, and the start of every key that belongs to it.
   */
  name: string;
  /**
   * Environment it was dumped from.
   */
  environment: string;
  /**
   * Name of the dumped database, as Postgres spells it.
   */
  database: string;
  /**
   * Run that made it.
   */
  runId: string;
  /**
   * Plan of that run.
   */
  plan: string;
  /**
   * sha256 of the plan's file, hex.
   */
  planHash: string;
  /**
   * When the dump began, on this host's clock (ISO 8601, UTC); the time in the name.
   */
  createdAt: string;
  /**
   * From the start of the dump to the last stored byte, milliseconds on a monotonic clock.
   */
  durationMs: number;
  /**
   * The instant that the data represents: when the dump's snapshot was taken.
   */
  recoveryPoint: {
    /**
     * The database server's clock (ISO 8601, UTC).
     */
    time: string;
    /**
     * Write-ahead log position; null where the role may not ask or the server is a standby without one.
     */
    lsn: string | null;
    /**
     * The repository's own clock at that moment (ISO 8601, UTC).
     */
    storeTime: string;
    /**
     * The same moment on the clock of the uploads bucket; absent where the environment had none.
     */
    uploads?: {
      /**
       * The bucket and prefix, and the endpoint where it is not Amazon's.
       */
      location: string;
      /**
       * The last millisecond of the second that the bucket's clock showed right after the snapshot was taken (ISO 8601, UTC), so that every object the snapshot names was put by then. Null where the clock could not be read.
       */
      time: string | null;
      /**
       * How far the time may be behind the snapshot, milliseconds: the clock tells whole seconds.
       */
      resolutionMs: number;
      /**
       * The bucket's clock minus this host's, milliseconds, to half a second; null where it could not be read.
       */
      skewMs: number | null;
      /**
       * Why the clock could not be read.
       */
      unread?: string;
    };
  };
  /**
   * How the data was written.
   */
  dump: {
    /**
     * pg_dump's format.
     */
    format: 'custom' | 'directory';
    /**
     * Compression around the dump's files.
     */
    compression: 'zstd' | 'none';
    /**
     * What its names and texts are in, as Postgres calls it. Absent in older manifests: UTF8, unless the database was in SQL_ASCII or MULE_INTERNAL.
     */
    encoding?: string;
    /**
     * age recipients that can decrypt it; empty when it is not encrypted by the client.
     *
     * Items: An age recipient.
     */
    recipients: string[];
    /**
     * Size of the dump before compression; null when it was not measured.
     */
    rawBytes: number | null;
    /**
     * Sum of the stored files of the dump.
     */
    storedBytes: number;
  };
  /**
   * Objects whose functions name things without their schema: a restore makes them at a second try, other tools may not. The first hundred; absent where there are none, and in older manifests.
   *
   * Items: An object and a function that it needs.
   */
  needsSearchPath?: {
    /**
     * The object, in the server's words.
     */
    object: string;
    /**
     * The function.
     */
    function: string;
    /**
     * What it does not find, in the server's words.
     */
    reason: string;
  }[];
  /**
   * Collations of the system's libraries by which indexes sort, with their versions at the dump. The first hundred; absent where there are none, and in older manifests.
   *
   * Items: A collation.
   */
  collations?: {
    /**
     * Its name; `default` is the database's own.
     */
    name: string;
    /**
     * Version of the library, as the server reads it.
     */
    version: string;
    /**
     * How many indexes sort by it.
     */
    indexes: number;
  }[];
  /**
   * What the plan left out of the dump. Absent of a whole one, and in older manifests.
   */
  partial?: {
    /**
     * Schemas that alone were dumped.
     *
     * Items: A pattern as the plan says it.
     */
    onlySchemas?: string[];
    /**
     * Tables that alone were dumped.
     *
     * Items: A pattern as the plan says it.
     */
    onlyTables?: string[];
    /**
     * Tables that were not dumped.
     *
     * Items: A pattern as the plan says it.
     */
    excludedTables?: string[];
    /**
     * Tables that were dumped empty.
     *
     * Items: A pattern as the plan says it.
     */
    excludedData?: string[];
    /**
     * Number of tables, views and sequences that are not in the dump.
     */
    relations: number;
    /**
     * Number of tables that are in the dump without their rows.
     */
    withoutRows: number;
    /**
     * Large objects that the database had and the dump has not; absent where there are none.
     */
    largeObjects?: true;
    /**
     * Schemas that the dump needs and does not make, which a restore makes first; absent where there are none.
     *
     * Items: A schema.
     */
    schemas?: string[];
  };
  /**
   * Every stored file of the artifact but its manifest and its verification, as the repository confirmed it.
   *
   * Items: One stored file.
   */
  files: {
    /**
     * Key relative to the repository.
     */
    key: string;
    /**
     * dump: the custom-format file. table: one table's data of a directory dump. rest: its other tables and its table of contents, as a tar. large-objects: those of a directory dump, as a custom-format dump. globals: roles as SQL. privileges: owners, privileges and settings of the database as SQL.
     */
    role: 'dump' | 'table' | 'rest' | 'large-objects' | 'globals' | 'privileges' | 'checksums' | 'guide';
    /**
     * Stored size.
     */
    bytes: number;
    /**
     * Of the stored bytes, hex.
     */
    sha256: string;
  }[];
  /**
   * The server that was dumped.
   */
  server: {
    /**
     * As the server says it.
     */
    version: string;
    /**
     * Major version.
     */
    major: number;
    /**
     * Identity of the cluster; null where the role may not ask.
     */
    systemIdentifier: string | null;
    /**
     * pg_database_size, indexes included.
     */
    databaseBytes: number;
    /**
     * Server encoding of the database.
     */
    encoding: string;
    /**
     * LC_CTYPE of the database, where it is another than the collation.
     */
    characterType?: string;
    /**
     * Locale of ICU, when that is what the database sorts by.
     */
    icu?: string;
    /**
     * Default collation of the database.
     */
    collation: string;
    /**
     * Installed extensions.
     *
     * Items: One extension.
     */
    extensions: {
      /**
       * Its name.
       */
      name: string;
      /**
       * Its installed version.
       */
      version: string;
    }[];
  };
  /**
   * Programs that took part, with their versions.
   */
  tools: {
    /**
     * A version.
     */
    [k: string]: string | undefined;
  };
  /**
   * What the tables held in the dump's own snapshot, to hold a restored database against.
   */
  fingerprint: {
    /**
     * counts: rows of every table. content: counts and a hash of the rows. none: names only.
     */
    mode: 'counts' | 'content' | 'none';
    /**
     * In mode content: the columns of a table that has a parent stand by name in its rows, as a restore need not keep their order; absent in older manifests.
     */
    columns?: 'by-name';
    /**
     * Every ordinary and partitioned table's own rows (partitions stand for themselves) and every materialized view, by schema and name.
     *
     * Items: One table.
     */
    tables: {
      /**
       * Its schema.
       */
      schema: string;
      /**
       * Its name.
       */
      name: string;
      /**
       * Its oid on the dumped server, by which the dump's table of contents names it too.
       */
      oid?: string;
      /**
       * Why its rows could not be counted, in the server's words. The dump holds them all the same.
       */
      unknown?: string;
      /**
       * Number of rows; absent in mode none, and where they could not be counted.
       */
      rows?: number;
      /**
       * Order-independent hash of the rows' text; in mode content only.
       */
      hash?: string;
      /**
       * The dump has the table without its rows, as the plan says. Absent otherwise.
       */
      excluded?: true;
    }[];
    /**
     * Number of large objects; absent where they could not be counted.
     */
    largeObjects?: number;
    /**
     * Tables, views and sequences that the plan left out of the dump, by schema and name; absent where there are none.
     *
     * Items: One of them.
     */
    leftOut?: {
      /**
       * Its schema.
       */
      schema: string;
      /**
       * Its name.
       */
      name: string;
    }[];
  };
}

// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of postgres-dump.
 */
export interface PostgresDumpParameters {
  /**
   * custom: one stream, without scratch disk. directory: several tables at a time, through a scratch folder, for a database that one process cannot dump in time.
   */
  format?: 'custom' | 'directory';
  /**
   * Tables dumped at a time, in format directory only; 2 unless said.
   */
  jobs?: number;
  /**
   * Compression of the dump, and its level where the usual one does not fit.
   */
  compress?:
    | ('zstd' | 'none')
    | {
        /**
         * Level of zstd: higher is smaller and slower; 1 unless said.
         */
        level: number;
        /**
         * Threads of zstd; one for each processor unless said.
         */
        threads?: number;
      };
  /**
   * What the manifest says of each table, to hold a restored one against. counts: its rows. content: its rows and a hash of them. none: its name.
   */
  fingerprint?: 'counts' | 'content' | 'none';
  /**
   * Stores roles and tablespaces beside the dump, without passwords.
   */
  globals?: boolean;
  /**
   * What stays out of the dump, which is then partial: it is restored by name or as latest-partial only, and counts for no RPO. A pattern that nothing bears is warned of.
   */
  exclude?: {
    /**
     * Tables, views and sequences that are not dumped at all; a partitioned table goes with its partitions.
     *
     * Items: schema.name; * and ? stand for other characters, double quotes around a part for a dot, * or ? that is meant itself.
     */
    tables?: string[];
    /**
     * Tables that are dumped empty; a partitioned table with its partitions. Sequences that a pattern names begin anew.
     *
     * Items: schema.name; * and ? stand for other characters, double quotes around a part for a dot, * or ? that is meant itself.
     */
    data?: string[];
  };
  /**
   * What alone is dumped, in place of everything; the dump is then partial, without large objects, and with extensions. A pattern that nothing bears fails the step.
   */
  only?: {
    /**
     * Schemas with everything in them; * and ? stand for other characters.
     *
     * Items: A schema.
     */
    schemas?: string[];
    /**
     * Tables, views and sequences, without the types and functions that they use; a partitioned table with its partitions.
     *
     * Items: schema.name; * and ? stand for other characters, double quotes around a part for a dot, * or ? that is meant itself.
     */
    tables?: string[];
  };
  /**
   * Object tags of the dump's files in S3, for lifecycle rules; tier: daily unless said, {} for none. The role needs s3:PutObjectTagging.
   */
  tags?: {
    /**
     * A tag's value.
     */
    [k: string]: string | undefined;
  };
  /**
   * Folder for the files of format directory on their way; the run's own temporary folder unless said.
   */
  scratch?: string;
  /**
   * Folder with the pg_dump to use, in place of the one found by the server's major.
   */
  'client-folder'?: string;
}

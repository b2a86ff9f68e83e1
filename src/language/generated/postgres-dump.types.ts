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

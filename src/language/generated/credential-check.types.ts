// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of credential-check. Of the environment it looks at the certificates of Postgres and of S3 endpoints, the trusted certificates, the password of the role and AWS session credentials.
 */
export interface CredentialCheckParameters {
  /**
   * From so long before an end it is warned of; 21d unless said.
   */
  'warn-before'?: string;
  /**
   * From so long before an end the check fails; 7d unless said.
   */
  'fail-before'?: string;
  /**
   * Further https addresses whose certificates are looked at.
   *
   * Items: An address.
   */
  urls?: string[];
  /**
   * Further PEM files: a client's certificate, with or without those that lead to its authority.
   *
   * Items: Path of a file.
   */
  certificates?: string[];
  /**
   * JSON Web Tokens; the end is the claim exp. What is no such token tells of no end.
   *
   * Items: A token.
   */
  tokens?: {
    /**
     * How messages name it.
     */
    name: string;
    /**
     * Where it is to be found.
     */
    token: {
      /**
       * Name of the environment variable that holds it.
       */
      env?: string;
      /**
       * Path of a file that holds it; a trailing newline is cut.
       */
      file?: string;
      /**
       * A command whose standard output is the secret; a trailing newline is cut.
       */
      command?: string;
      /**
       * Name of a systemd credential (LoadCredential=) of the unit.
       */
      credential?: string;
    };
  }[];
  /**
   * Whether the environment's own are looked at; true unless said.
   */
  environment?: boolean;
}

// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of cdn-invalidate: one provider, and what to invalidate.
 */
export type CdnInvalidateParameters = {
  /**
   * A distribution of Amazon CloudFront.
   */
  cloudfront?: {
    /**
     * Id of the distribution.
     */
    distribution: string;
    /**
     * Key id; absent: the usual chain of environment, profile and instance role.
     */
    'access-key-id'?: {
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
    /**
     * Key; absent: the usual chain of environment, profile and instance role.
     */
    'secret-access-key'?: {
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
    /**
     * Address of the service, where it is reached through another.
     */
    endpoint?: string;
  };
  /**
   * A zone of Cloudflare.
   */
  cloudflare?: {
    /**
     * Id of the zone.
     */
    zone: string;
    /**
     * API token with the right to purge the cache.
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
    /**
     * Address of the service, where it is reached through another.
     */
    endpoint?: string;
  };
  /**
   * A service of Fastly.
   */
  fastly?: {
    /**
     * Id of the service.
     */
    service: string;
    /**
     * API token with the scope purge_select, and purge_all for everything.
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
    /**
     * Mark paths as stale instead of dropping them. Everything is always dropped.
     */
    soft?: boolean;
    /**
     * Address of the service, where it is reached through another.
     */
    endpoint?: string;
  };
  /**
   * Any other service that is told by HTTP. In url and body {path} and {url} make one call for each path; {paths} and {urls} become a JSON list.
   */
  http?: {
    /**
     * Address of the call, without user and password.
     */
    url: string;
    /**
     * Method of the call.
     */
    method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'PURGE' | 'BAN';
    /**
     * Headers of the call. A secret is not written here: see secret-headers.
     */
    headers?: {
      /**
       * The header's value.
       */
      [k: string]: string | undefined;
    };
    /**
     * Headers with where their whole values are to be found.
     */
    'secret-headers'?: {
      /**
       * Where the header's value is to be found.
       */
      [k: string]:
        | {
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
          }
        | undefined;
    };
    /**
     * Body of the call.
     */
    body?: string;
    /**
     * Paths in one call, where it takes several.
     */
    batch?: number;
    /**
     * The call that invalidates everything, with the same headers.
     */
    everything?: {
      /**
       * Address of the call.
       */
      url: string;
      /**
       * Method of the call.
       */
      method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'PURGE' | 'BAN';
      /**
       * Body of the call.
       */
      body?: string;
    };
  };
  /**
   * Path of a file with one JSON object a line, each with the key of a changed object.
   */
  changes?: string;
  /**
   * Paths from the root of the host, as in its addresses; one that ends in * is a prefix.
   *
   * Items: One path.
   */
  paths?: string[];
  /**
   * Invalidate everything.
   */
  everything?: true;
  /**
   * Address under which the CDN serves the keys; needed where the provider goes by whole addresses.
   */
  base?: string;
  /**
   * Beginning of the keys that addresses do not have; keys without it are not served by the CDN.
   */
  'strip-prefix'?: string;
  /**
   * More paths than these become the folders that hold them, or everything; unless said 1000 for CloudFront, 3000 for Cloudflare, 2000 for Fastly, 10000 for http.
   */
  'at-most-paths'?: number;
  /**
   * Whether to wait until the invalidation is complete, where the provider tells (CloudFront).
   */
  wait?: boolean;
  /**
   * The longest that it waits for completion, and for a provider that throttles; 15m unless said.
   */
  'wait-at-most'?: string;
  /**
   * Tells two steps of one run apart that invalidate the same paths of CloudFront: without it the second is taken for a repetition of the first.
   */
  reference?: string;
};

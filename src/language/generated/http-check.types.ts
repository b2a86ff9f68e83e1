// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of http-check. Everything that is said of the answer must hold.
 */
export interface HttpCheckParameters {
  /**
   * Address of the request, without user and password.
   */
  url: string;
  /**
   * Method of the request.
   */
  method?: 'GET' | 'HEAD' | 'POST';
  /**
   * Headers of the request. A secret is not written here: see authorization.
   */
  headers?: {
    /**
     * The header's value.
     */
    [k: string]: string | undefined;
  };
  /**
   * Where the whole value of the Authorization header is to be found, such as `Bearer …`. It is not sent on to another origin.
   */
  authorization?: {
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
   * Body of the request, with method POST only.
   */
  body?: string;
  /**
   * Status of the answer, or several of which one must be it; any of 200 to 299 unless said.
   */
  status?: number | number[];
  /**
   * Text that is somewhere in the body, or several of which all are. The first MiB is looked at.
   */
  'body-contains'?: string | string[];
  /**
   * Regular expression (of JavaScript, with the flags m and u) that matches somewhere in the body.
   */
  'body-matches'?: string;
  /**
   * Headers of the answer, each with text that its value contains; the empty text: any value.
   */
  'response-headers'?: {
    /**
     * Text that the header's value contains.
     */
    [k: string]: string | undefined;
  };
  /**
   * What must hold of the body as JSON.
   *
   * Items: One value of the JSON, and what it is to be.
   */
  json?: {
    /**
     * JSONPath (RFC 9535) of the value; it finds exactly one unless exists is said.
     */
    path: string;
    /**
     * The value, of any kind.
     */
    equals?: string | number | boolean | null | unknown[] | {};
    /**
     * The least number that it may be.
     */
    min?: number;
    /**
     * The greatest number that it may be.
     */
    max?: number;
    /**
     * Whether the path finds anything.
     */
    exists?: boolean;
  }[];
  /**
   * The longest that the whole answer may take, milliseconds.
   */
  'max-latency-ms'?: number;
  /**
   * The longest that one request may take before it is given up; 10s unless said.
   */
  timeout?: string;
  /**
   * Tries again until everything holds, for so long; one try unless said.
   */
  'retry-until'?: string;
  /**
   * Time between two tries; 1s unless said.
   */
  every?: string;
  /**
   * follow: within the origin, at most five, and the answer is that of the last one; a redirect to another origin is the answer itself, because headers may be secrets. refuse: every redirect is.
   */
  redirects?: 'follow' | 'refuse';
}

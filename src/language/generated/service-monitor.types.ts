// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of service-monitor, which watches a running service, and puts a cutover back when it does badly.
 */
export type ServiceMonitorParameters = {
  [k: string]: unknown | undefined;
} & {
  /**
   * How long it watches; 30m unless said. The step's timeout must be longer.
   */
  for?: string;
  /**
   * Time from the beginning of one round of probes to the next; 15s unless said.
   */
  every?: string;
  /**
   * Addresses that are asked in every round.
   *
   * Items: One address.
   */
  http?: {
    /**
     * Address of a page that says how the service does.
     */
    url: string;
    /**
     * Status that it must answer; any from 200 to 299 unless said.
     */
    status?: number;
    /**
     * How long an answer may take; 10s unless said. A later one is an error.
     */
    timeout?: string;
  }[];
  /**
   * Questions to the live database in every round, each over a login of its own.
   *
   * Items: One question.
   */
  sql?: {
    /**
     * What holds when the answer is good.
     */
    name: string;
    /**
     * One SELECT of one boolean, run in a read-only transaction; true is good.
     */
    sql: string;
  }[];
  /**
   * Share of probes that may fail, from 0 to 1; 0.01 unless said.
   */
  'max-error-rate'?: number;
  /**
   * The 95th percentile of the probes' durations may be so many milliseconds; any unless said.
   */
  'max-p95-ms'?: number;
  /**
   * The bounds are held against the probes of the last so much time, and at the end against all; 5m unless said.
   */
  window?: string;
  /**
   * Before the end nothing is judged with fewer probes than these in the window.
   */
  'min-probes'?: number;
  /**
   * The database that a cutover has kept: it is put back in the place of the live one when a bound is missed. Nothing is put back unless said.
   */
  'roll-back-to'?: string;
};

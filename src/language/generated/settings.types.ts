// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Settings of run-plan itself, in run-plan.yaml or .run-planrc.yaml. Paths are relative to that file.
 */
export interface WrittenSettings {
  /**
   * Folder of the plans and of environments.yaml; plans unless said.
   */
  plans?: string;
  /**
   * Folders of your own tasks; tasks unless said.
   *
   * Items: One folder.
   */
  tasks?: string[];
  /**
   * Folder of run records, locks and temporary files.
   */
  state?: string;
  /**
   * auto: a live view on a terminal, groups in GitHub Actions, priorities under systemd, lines elsewhere. The others: always that.
   */
  'log-format'?: 'auto' | 'terminal' | 'lines' | 'journald' | 'github' | 'json';
  /**
   * Metrics for Prometheus after each run.
   */
  metrics?: {
    /**
     * Folder that node_exporter's textfile collector reads: each plan writes its run-plan-PLAN.prom there. It must exist.
     */
    folder: string;
  };
  /**
   * What holds where a plan says nothing.
   */
  defaults?: {
    /**
     * Deadline of a run whose plan has none.
     */
    timeout?: string;
    /**
     * Deadline of an attempt whose step has none.
     */
    'step-timeout'?: string;
    /**
     * Stall timeout of a step that has none.
     */
    'stall-timeout'?: string;
    /**
     * IANA zone of plans that name none; UTC unless said.
     */
    'time-zone'?: string;
  };
}

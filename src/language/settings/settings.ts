/** How a run speaks: `auto` decides by where the output goes, everything else is the operator's word. */
export type LogFormat = 'auto' | 'terminal' | 'lines' | 'journald' | 'github' | 'json';

/** Settings of run-plan itself, every path absolute. */
export interface Settings {
  /** The file that says them; absent: everything is as without one. */
  readonly file?: string;
  /** Folder of the plans and of `environments.yaml`. */
  readonly plansFolder: string;
  /** Folders of the operator's own tasks; they need not exist. */
  readonly taskFolders: readonly string[];
  /** Folder of run records, locks and temporary files; absent: where the system keeps such things. */
  readonly stateFolder?: string;
  readonly logFormat: LogFormat;
  /** Folder in which every run leaves the metrics of its plan; absent: none does. */
  readonly metricsFolder?: string;
  readonly defaults: {
    readonly timeoutMs?: number;
    readonly stepTimeoutMs?: number;
    readonly stallTimeoutMs?: number;
    readonly timeZone: string;
  };
}

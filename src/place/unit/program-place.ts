/** Where this run-plan is and what it works on: what units must name, every path absolute. */
export interface ProgramPlace {
  /** Node's own program. */
  readonly node: string;
  /** `bin/run-plan.cjs`. */
  readonly launcher: string;
  /** The settings file; absent: there is none, and plans are found from the working folder. */
  readonly settingsFile?: string;
  readonly workingFolder: string;
  /** Folder in which runs leave their metrics; absent: they leave none. */
  readonly metricsFolder?: string;
  /** The settings' own state folder; absent: systemd's. */
  readonly stateFolder?: string;
}

/** What the templates hide from a run, and how a path below it is shown again. */
export type Hiding = 'temporary' | 'home';

/** Whether a path lies where the templates hide everything: `PrivateTmp=`, `ProtectHome=`. */
export function hidingOf(path: string): Hiding | undefined {
  const isBelow = (folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
  if (['/tmp', '/var/tmp'].some(isBelow)) return 'temporary';
  return ['/home', '/root', '/run/user'].some(isBelow) ? 'home' : undefined;
}

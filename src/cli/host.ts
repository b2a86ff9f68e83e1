/** What the command line is run with: everything a command takes from its process, so that tests can hand it over. */
export interface CommandHost {
  /** Folder of the built-in tasks; the launcher knows it, `src` never imports a task. */
  readonly taskFolder: string;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errorOutput: NodeJS.WriteStream;
}

/** Options that every command takes. */
export interface CommonOptions {
  /** A settings file instead of the one that is found upwards from the working folder. */
  readonly config?: string;
  readonly json?: true;
}

/** The host of this process. */
export function processHost(taskFolder: string): CommandHost {
  return {
    taskFolder,
    environmentVariables: process.env,
    workingFolder: process.cwd(),
    input: process.stdin,
    output: process.stdout,
    errorOutput: process.stderr,
  };
}

/** What a restore has got to, by pg_restore's verbose lines, serial or parallel. */
export interface RestoreProgress {
  readonly add: (line: string) => void;
  /** Tables and large objects whose rows are all there. */
  readonly loaded: () => number;
  /** Indexes, constraints and the like that were begun. */
  readonly later: () => number;
}

export interface RestoreListener {
  /** pg_restore has looked at its data files and begins with the definitions. */
  readonly onBegun?: () => void;
  /** A worker is about to read the rows of a table: the dump id. */
  readonly onLaunch?: (dumpId: string) => void;
  /** The number of items whose rows are loaded changed. */
  readonly onLoaded?: (loaded: number) => void;
  /** Told for each index, constraint or the like that begins: kind, name, how many so far. */
  readonly onLater?: (what: string, count: number) => void;
}

const laterKinds =
  'INDEX|CONSTRAINT|FK CONSTRAINT|CHECK CONSTRAINT|TRIGGER|RULE|POLICY|MATERIALIZED VIEW DATA';

export function createRestoreProgress(listener: RestoreListener): RestoreProgress {
  let begun = false;
  let loaded = 0;
  let later = 0;
  let isParallel = false;
  let serialTable = false;
  const begunLater = new RegExp(`^(?:creating|launching item \\d+) (${laterKinds}) "?(.+?)"?$`);

  function finishSerial(): void {
    if (!serialTable) return;
    serialTable = false;
    loaded += 1;
    listener.onLoaded?.(loaded);
  }

  return {
    loaded: () => loaded,
    later: () => later,
    add: (line) => {
      const said = /^pg_restore: (.*)$/.exec(line)?.[1];
      if (said === undefined) return;
      if (!begun && /^(?:processing item|creating|entering main parallel loop)/.test(said)) {
        begun = true;
        listener.onBegun?.();
      }
      if (said === 'entering main parallel loop') isParallel = true;
      const launched = /^launching item (\d+) (?:TABLE DATA|BLOBS) /.exec(said)?.[1];
      if (launched !== undefined) {
        listener.onLaunch?.(launched);
        return;
      }
      if (/^finished item \d+ (?:TABLE DATA|BLOBS) /.test(said)) {
        loaded += 1;
        listener.onLoaded?.(loaded);
        return;
      }
      if (
        !isParallel &&
        /^(?:processing data for table|creating|restored|restoring|executing|processing)/.test(said)
      ) {
        finishSerial();
        if (said.startsWith('processing data for table')) serialTable = true;
      }
      const [, kind, name] = begunLater.exec(said) ?? [];
      // A worker tells again what the leader has launched.
      if (kind === undefined || name === undefined || (isParallel && said.startsWith('creating'))) return;
      later += 1;
      listener.onLater?.(`${kind.toLowerCase()} ${name}`, later);
    },
  };
}

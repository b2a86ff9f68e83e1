import { laterKinds, type DumpListing } from './dump-listing.ts';
import { readRestoreLine } from './restore-line.ts';

/** What a restore has got to, by pg_restore's verbose lines, serial or parallel. */
export interface RestoreProgress {
  readonly add: (line: string) => void;
  /** pg_restore has ended well: what it read last is there, too. */
  readonly end: () => void;
  /** Tables and large objects whose rows are all there. */
  readonly loaded: () => number;
  /** Indexes, constraints and the like that were begun. */
  readonly later: () => number;
  /** Errors that pg_restore went on after, harmless or not: rows that count as loaded may be missing then. */
  readonly errors: () => number;
}

export interface RestoreListener {
  /** pg_restore has looked at its data files and begins with the definitions. */
  readonly onBegun?: () => void;
  /** A worker is about to read the rows of a table: the dump id; once for each. */
  readonly onLaunch?: (dumpId: string) => void;
  /** The number of tables and large objects whose rows are loaded changed. */
  readonly onLoaded?: (loaded: number) => void;
  /** Told for each index, constraint or the like that begins: kind, name, how many so far. */
  readonly onLater?: (what: string, count: number) => void;
}

const rows = '(?:TABLE DATA|BLOBS)';
/** Anywhere: a worker's line may be cut in two by it, and a launch that is missed is a table that nobody feeds. */
const launchPattern = new RegExp(`launching item (\\d+) ${rows} `);
const finishPattern = new RegExp(`^finished item (\\d+) ${rows} `);
/** Of one process: what it reads now is done when it turns to something else. */
const serialPattern = /^processing (?:data for table |BLOBS)/;
const laterPattern = new RegExp(
  `^(?:creating|launching item \\d+) (${laterKinds.toSorted((left, right) => right.length - left.length).join('|')}) "?(.+?)"?$`,
);

export function createRestoreProgress(listener: RestoreListener): RestoreProgress {
  let begun = false;
  let loaded = 0;
  let later = 0;
  let errors = 0;
  let isParallel = false;
  let isReading = false;
  // A name may hold a line break and look like another line.
  const launched = new Set<string>();
  const finished = new Set<string>();

  function countLoaded(): void {
    loaded += 1;
    listener.onLoaded?.(loaded);
  }

  function noteLaunch(line: string): void {
    const dumpId = launchPattern.exec(line)?.[1];
    if (dumpId === undefined || launched.has(dumpId)) return;
    launched.add(dumpId);
    listener.onLaunch?.(dumpId);
  }

  function followOneProcess(text: string): void {
    if (text.startsWith('restoring large object ')) return;
    if (isReading) countLoaded();
    isReading = serialPattern.test(text);
  }

  return {
    loaded: () => loaded,
    later: () => later,
    errors: () => errors,
    end: () => {
      if (isReading) countLoaded();
      isReading = false;
    },
    add: (line) => {
      if (isParallel) noteLaunch(line);
      const { kind, text } = readRestoreLine(line);
      if (kind === 'error') errors += 1;
      if (kind !== 'progress') return;
      if (!begun && /^(?:processing item|creating|entering main parallel loop)/.test(text)) {
        begun = true;
        listener.onBegun?.();
      }
      if (text === 'entering main parallel loop') isParallel = true;
      const finish = finishPattern.exec(text)?.[1];
      if (finish !== undefined && !finished.has(finish)) {
        finished.add(finish);
        countLoaded();
      }
      if (!isParallel) followOneProcess(text);
      const [, what, name] = laterPattern.exec(text) ?? [];
      // A worker tells again what the leader has launched.
      if (what === undefined || name === undefined || (isParallel && text.startsWith('creating'))) return;
      later += 1;
      listener.onLater?.(`${what.toLowerCase()} ${name}`, later);
    },
  };
}

/** The words for the rows that are there. */
export function describeLoaded(loaded: number, { dataEntries }: Pick<DumpListing, 'dataEntries'>): string {
  return `loading rows: ${loaded} of ${dataEntries} tables`;
}

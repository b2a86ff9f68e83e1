/** What one line of pg_restore's (or psql's) standard error says. */
export interface RestoreLine {
  /** `more` continues the error before it: detail, statement. */
  readonly kind: 'error' | 'progress' | 'said' | 'more';
  /** Without the program's name and without `error: `. */
  readonly text: string;
}

/**
 * Workers of a parallel restore share one standard error and write a line in pieces: the program's name, a blank,
 * `error: `, the text. So pieces of other lines may stand before a text, and a text may stand without its own.
 */
const pieces =
  /^(?:(?:pg_restore|psql):(?:<stdin>:\d+:)?| |\[[^\]]+\] (?=\w)|(?:error|warning|fatal|detail|hint): )*/;

/** Told of an entry before its error. */
const entryPattern = /^from TOC entry \d+; \d+ \d+ /;
/** Told by the restore's leader of each entry; a worker's text never begins so. */
const leaderPattern = /^(?:launching|finished) item \d+ /;
const progressPattern =
  /^(?:(?:launching|finished|skipping|processing) item \d+ |(?:entering|finished) main parallel loop|(?:creating|dropping|executing|restoring|restored) |processing (?:data for table |BLOBS))/;
/** Whatever stands before them. */
const errorPattern =
  /^(?:could not execute query: (?:ERROR|FATAL|PANIC): |COPY failed for table ".*": ERROR: )/;

/** Understands a line in English (`LC_ALL=C`). Pure. */
export function readRestoreLine(line: string): RestoreLine {
  const before = pieces.exec(line)?.[0] ?? '';
  const text = line.slice(before.length);
  if (errorPattern.test(text)) return { kind: 'error', text };
  if (entryPattern.test(text)) return { kind: 'said', text };
  if (!/pg_restore:|psql:/.test(before)) {
    return leaderPattern.test(text) ? { kind: 'progress', text } : { kind: 'more', text: line };
  }
  if (progressPattern.test(text)) return { kind: 'progress', text };
  const label = /(error|fatal|detail|hint|warning): $/.exec(before)?.[1];
  if (label === 'error' || label === 'fatal') return { kind: 'error', text };
  if (label === 'detail' || label === 'hint') return { kind: 'more', text: `${label}: ${text}` };
  return /^(?:ERROR|FATAL|PANIC): /.test(text) ? { kind: 'error', text } : { kind: 'said', text };
}

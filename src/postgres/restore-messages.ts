import { harmlessReason } from './harmless-messages.ts';
import { readRestoreLine } from './restore-line.ts';

/** An error that pg_restore told, in its parts. */
export interface RestoreMessage {
  /** The entry of the table of contents: `TABLE public orders`; empty when it told none. */
  readonly object: string;
  /** The beginning of the statement that failed, or empty. */
  readonly statement: string;
  /** The server's message with its detail and hint, or pg_restore's own. */
  readonly message: string;
}

export interface HarmlessMessage extends RestoreMessage {
  /** Why it does no harm. */
  readonly reason: string;
}

/** An error after which the restore goes on: the object may be made later. */
export interface SetAsideMessage extends RestoreMessage {
  /** Its entry's dump id, exact where one process restores. */
  readonly id: string;
  /** The dump ids that were told since the last such error: workers tell theirs side by side. */
  readonly told: readonly string[];
}

/** What pg_restore has said so far, read line by line. */
export interface RestoreMessages {
  /** Takes one line of its standard error. */
  readonly add: (line: string) => void;
  /** No more lines of the error that is being read will come. */
  readonly end: () => void;
  readonly harmless: readonly HarmlessMessage[];
  readonly harmful: readonly RestoreMessage[];
  readonly setAside: readonly SetAsideMessage[];
  /** Whether an exit status of 1 is explained: every error is known to be harmless or set aside, and pg_restore counted as many. */
  readonly isExplained: () => boolean;
}

/** Harmful messages that are kept: the first says it all, and a broken dump may have one for each object. */
const keptMessages = 100;
/** Lines of one message that are kept: a server may list every object that stands in the way. */
const keptLines = 200;

export interface RestoreMessagesListener {
  /** Whether the restore may go on after an error that is not harmless; of none unless said. */
  readonly setsAside?: (message: RestoreMessage) => boolean;
  /** An error begins; its statement and details follow. */
  readonly onError?: () => void;
  /** An error that is not known to be harmless is there in full. */
  readonly onHarmful?: (message: RestoreMessage) => void;
}

/**
 * Reads pg_restore's standard error (in English, `LC_ALL=C`), also of a parallel restore and with `--verbose`. Errors
 * are judged one by one: neither are all ignored, nor does the harmless one fail a restore.
 */
export function createRestoreMessages(listener: RestoreMessagesListener = {}): RestoreMessages {
  const harmless: HarmlessMessage[] = [];
  const harmful: RestoreMessage[] = [];
  const setAside: SetAsideMessage[] = [];
  let object = '';
  let id = '';
  let told: string[] = [];
  let isParallel = false;
  const failedInWorkers = new Set<string>();
  let lines: string[] | undefined;
  let ignored: number | undefined;

  function close(): void {
    if (lines === undefined) return;
    const message = readMessage(object, lines);
    lines = undefined;
    const reason = harmlessReason(message);
    if (reason !== undefined) harmless.push({ ...message, reason });
    else if (listener.setsAside?.(message) === true) {
      setAside.push({ ...message, id, told: told.length === 0 ? [id] : told });
      told = [];
    } else {
      if (harmful.length < keptMessages) harmful.push(message);
      listener.onHarmful?.(message);
    }
  }

  return {
    harmless,
    harmful,
    setAside,
    add: (line) => {
      const { kind, text } = readRestoreLine(line);
      switch (kind) {
        case 'more':
          if (lines !== undefined && lines.length < keptLines) lines.push(text);
          return;
        case 'error':
          close();
          lines = [text];
          listener.onError?.();
          return;
        case 'progress':
          if (text === 'entering main parallel loop') isParallel = true;
          if (text === 'finished main parallel loop') isParallel = false;
          // Another worker's: the statement of the error may still follow.
          return;
        case 'said': {
          close();
          const entry = /^from TOC entry (\d+); \d+ \d+ (.*)$/.exec(text);
          if (entry !== null) {
            [, id = '', object = ''] = entry;
            told.push(id);
            if (isParallel) failedInWorkers.add(id);
          }
          const count = /^errors ignored on restore: (\d+)$/.exec(text)?.[1];
          if (count !== undefined) ignored = Number(count);
        }
      }
    },
    end: close,
    isExplained: () => {
      const errors = harmless.length + setAside.length;
      // The leader counts a worker's errors, and the entry that had them as one more.
      return harmful.length === 0 && (ignored === errors || ignored === errors + failedInWorkers.size);
    },
  };
}

function readMessage(entry: string, [first = '', ...rest]: readonly string[]): RestoreMessage {
  const at = rest.findIndex((line) => line.startsWith('Command was: '));
  const details = (at === -1 ? rest : rest.slice(0, at)).filter((line) => line.trim() !== '');
  const statement = at === -1 ? [] : rest.slice(at);
  const [, what, server] = /^(.*?): (?:ERROR|FATAL|PANIC): {1,2}(.*)$/.exec(first) ?? [];
  const own = /^(?:ERROR|FATAL|PANIC): {1,2}(.*)$/.exec(first)?.[1];
  // Of a failed COPY the object is known although no table of contents is quoted.
  const copied = /^COPY failed for table "(.*)"$/.exec(what ?? '')?.[1];
  const isQuery = what === 'could not execute query' || what === undefined;
  const message = server === undefined ? (own ?? first) : isQuery ? server : `${what}: ${server}`;
  return {
    // What pg_restore itself could not do has no entry; the last one told is another error's.
    object: copied !== undefined ? `TABLE DATA ${copied}` : server === undefined ? '' : entry,
    statement: statement.join('\n').replace('Command was: ', '').trim(),
    message: [message, ...details].join('\n'),
  };
}

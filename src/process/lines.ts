import { StringDecoder } from 'node:string_decoder';

/** Characters of one line that are read; the rest of an endless line is counted and dropped. */
const longestRead = 64 * 1024;

/**
 * Characters of one line that leave. Smaller than what is read, so that a secret is whole when it is redacted and
 * never told by half at the cut.
 */
const longestTold = 4 * 1024;

export interface LineSplitter {
  write(chunk: Uint8Array): void;
  /** Tells a last line without newline. */
  end(): void;
}

/** Cuts bytes into lines (UTF-8, `\n` or `\r\n`) in bounded memory and hands each on, redacted and at most 4 Ki characters long. */
export function splitLines(redact: (text: string) => string, onLine: (line: string) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let held = '';
  let dropped = 0;

  function hold(text: string): void {
    const room = longestRead - held.length;
    held += text.slice(0, room);
    dropped += Math.max(0, text.length - room);
  }

  function tell(): void {
    const line = redact(held.endsWith('\r') ? held.slice(0, -1) : held);
    const cut = dropped + Math.max(0, line.length - longestTold);
    held = '';
    dropped = 0;
    onLine(cut === 0 ? line : `${line.slice(0, longestTold)}… (${String(cut)} more characters)`);
  }

  function take(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      hold(text.slice(from, at));
      tell();
      from = at + 1;
    }
    hold(text.slice(from));
  }

  return {
    write: (chunk) => {
      take(decoder.write(chunk));
    },
    end: () => {
      take(decoder.end());
      if (held !== '' || dropped > 0) tell();
    },
  };
}

/** The last `limit` lines of what was added. */
export interface LineTail {
  add(line: string): void;
  lines(): readonly string[];
}

export function keepLastLines(limit: number): LineTail {
  const kept: string[] = [];
  return {
    add: (line) => {
      kept.push(line);
      if (kept.length > limit) kept.shift();
    },
    lines: () => kept,
  };
}

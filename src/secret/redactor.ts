import { formsOf } from './redacted-form.ts';

/** What stands in the place of a secret. */
export const mask = '***';

/** Values shorter than this are masked only where they stand alone: `1` must not turn `12:01` into `***2:0***`. */
const leastInnerLength = 4;

/** A run of characters to hide: from `start` up to but without `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Hides the secrets that it was taught, wherever they stand and in the forms that programs print them in. */
export interface Redactor {
  /** Learns a secret's text; it, its encodings and its single lines are masked from now on. */
  teach(value: string): void;
  /** The text with every known secret masked. */
  redact(text: string): string;
  /**
   * Collects the chunks of a stream and hands over redacted lines without their ends, so that a secret that is cut by
   * two chunks is masked as well. Lines beyond 64 KiB come in pieces that cut no secret.
   */
  lines(onLine: (line: string) => void): LineRedactor;
}

export interface LineRedactor {
  write(chunk: string): void;
  /** Hands over what follows the last line end, if anything. */
  end(): void;
}

const longestLine = 65_536;

/** A redactor that knows nothing yet. One per process: what one secret's owner prints, another's sink must mask. */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  return {
    teach: (value) => {
      for (const form of formsOf(value)) forms.add(form);
    },
    redact: (text) => maskRanges(text, rangesIn(text, forms)),
    lines: (onLine) => createLineRedactor(forms, onLine),
  };
}

function createLineRedactor(forms: ReadonlySet<string>, onLine: (line: string) => void): LineRedactor {
  let pending = '';
  const emit = (text: string): void => {
    onLine(maskRanges(text, rangesIn(text, forms)));
  };
  return {
    write: (chunk) => {
      const lines = (pending + chunk).split(/\r?\n/);
      pending = lines.pop() ?? '';
      lines.forEach(emit);
      while (pending.length > longestLine) {
        const cut = safeCut(pending, forms);
        if (cut === undefined) return;
        emit(pending.slice(0, cut));
        pending = pending.slice(cut);
      }
    },
    end: () => {
      if (pending !== '') emit(pending);
      pending = '';
    },
  };
}

/** A place where an endless line may be cut: outside every secret, and before one that may have begun. */
function safeCut(text: string, forms: ReadonlySet<string>): number | undefined {
  const longest = Math.max(1, ...[...forms].map((form) => form.length));
  const cut = text.length - longest;
  if (cut <= 0) return undefined;
  const straddled = rangesIn(text, forms).find(({ start, end }) => start < cut && cut < end);
  return straddled === undefined ? cut : straddled.end;
}

/** Where any form of any secret stands, ascending, overlapping ranges joined. */
function rangesIn(text: string, forms: ReadonlySet<string>): readonly Range[] {
  const found: Range[] = [];
  for (const form of forms) {
    for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1)) {
      const range = { start, end: start + form.length };
      if (form.length >= leastInnerLength || standsAlone(text, range)) found.push(range);
    }
  }
  found.sort((a, b) => a.start - b.start);
  const joined: Range[] = [];
  for (const range of found) {
    const last = joined.at(-1);
    if (last === undefined || range.start >= last.end) joined.push(range);
    else joined[joined.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
  }
  return joined;
}

function standsAlone(text: string, { start, end }: Range): boolean {
  const isWord = (character: string | undefined): boolean =>
    character !== undefined && /[\p{L}\p{N}_]/u.test(character);
  return !isWord(text[start - 1]) && !isWord(text[end]);
}

function maskRanges(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  let redacted = '';
  let from = 0;
  for (const { start, end } of ranges) {
    redacted += text.slice(from, start) + mask;
    from = end;
  }
  return redacted + text.slice(from);
}

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
  /** The text with every known secret masked. Give it whole lines: a secret cut in two is not recognised. */
  redact(text: string): string;
}

/** A redactor that knows nothing yet. One per process: what one secret's owner prints, another's sink must mask. */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  return {
    teach: (value) => {
      for (const form of formsOf(value)) forms.add(form);
    },
    redact: (text) => maskRanges(text, rangesIn(text, forms)),
  };
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

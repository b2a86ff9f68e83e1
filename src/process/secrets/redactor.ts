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

/** A line of a secret of several lines (a PEM key, an identity file) tells nothing below this length. */
const leastLineLength = 8;

/** The unaligned inside of a base64 text must be this long before it may be masked anywhere. */
const leastBase64Length = 6;

/**
 * Every form in which a program may print a secret: as it is, base64 (plain, URL-safe, unpadded, and inside a longer
 * encoded text such as `user:password`), URL-encoded, escaped for JSON, SQL, the shell and connection strings. A secret
 * of several lines also by its single lines, since output comes line by line.
 */
function formsOf(value: string): ReadonlySet<string> {
  const forms = new Set<string>();
  const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= leastLineLength);
  for (const text of lines.length > 0 && value.includes('\n') ? [value, ...lines] : [value]) {
    for (const form of [text, ...base64Forms(text), ...urlForms(text), ...escapedForms(text)]) {
      if (form.trim() !== '') forms.add(form);
    }
  }
  return forms;
}

function base64Forms(text: string): readonly string[] {
  const bytes = Buffer.from(text, 'utf8');
  const plain = [
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    ...embeddedBase64(bytes),
  ];
  return plain.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

/** The characters that depend on these bytes alone when they begin at any byte of a longer base64 text. */
function embeddedBase64(bytes: Buffer): readonly string[] {
  return [0, 1, 2]
    .map((before) => {
      const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
      return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    })
    .filter((form) => form.length >= leastBase64Length);
}

function urlForms(text: string): readonly string[] {
  const component = encodeURIComponent(text.toWellFormed());
  // RFC 3986 reserves five characters more than encodeURIComponent knows.
  const strict = component.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const form = new URLSearchParams({ _: text }).toString().slice(2);
  const path = encodeURI(text.toWellFormed());
  const upper = [component, strict, form, path];
  return [
    ...upper,
    ...upper.map((encoded) => encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
  ];
}

function escapedForms(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return [
    json,
    ascii,
    json.replaceAll('/', '\\/'),
    text.replaceAll("'", "''"),
    text.replaceAll("'", String.raw`'\''`),
    text.replaceAll(/['\\]/g, String.raw`\$&`),
    text.replaceAll(/[:\\]/g, String.raw`\$&`),
  ];
}

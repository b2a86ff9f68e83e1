import { stripVTControlCharacters } from 'node:util';

/**
 * What steers a terminal, reorders a line or is not seen at all; joiners of scripts and emoji stay. Made when it is asked
 * for, because its sets of characters take as long to read as a module.
 */
const unseen = (): RegExp => /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** By far most texts have nothing of it, nor of the commands below. */
const harmless = /^[\x20-\x22\x24-\x39\x3b\x3d-\x7e]*$/;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside as one line that shows all that is in it: control characters, escape sequences, line ends and marks
 * that reorder a line as escapes (`\x1b[31m`, `\n`, `\u202e`), and what a log would take for a command of its own (GitHub's
 * `::error::` and `##[error]`, the journal's `<3>`) taken apart.
 */
export function visible(text: string): string {
  if (harmless.test(text)) return text;
  return disarm(text.replaceAll(unseen(), shown));
}

/** Text of several lines, each made visible; tabs are blanks, and blanks at the end are gone. */
export function visibleLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => visible(line.replaceAll('\t', '    ')).trimEnd());
}

/** Lines that a program printed: its colours and cursor movements are dropped, anything else is made visible. */
export function printedLines(text: string): readonly string[] {
  return visibleLines(stripVTControlCharacters(text));
}

/** The same on a single line. */
export function printedLine(text: string): string {
  return printedLines(text)
    .filter((line) => line !== '')
    .join(' ');
}

/** JSON that a terminal or a log may show: the same value, with what JSON leaves raw escaped. */
export function visibleJson(json: string): string {
  return json
    .replaceAll(unseen(), (found) => (found === '\n' ? found : found.split('').map(unitEscape).join('')))
    .replaceAll('##[', `${unitEscape('#')}#[`);
}

/** A document for programs: its lines and tabs stay. */
export function visibleDocument(text: string): string {
  return text.replaceAll(unseen(), (found) => (found === '\n' || found === '\t' ? found : shown(found)));
}

/** An escape in the place of one character. */
function shown(character: string): string {
  const name = named[character];
  if (name !== undefined) return name;
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? unitEscape(character) : `\\u{${code.toString(16)}}`;
}

function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Any word may come to begin a line. */
function disarm(line: string): string {
  return line
    .replaceAll(/(?<=^|\s)::(?=[a-z])/gi, ': :')
    .replaceAll('##[', '# #[')
    .replaceAll(/(?<=^|\s)<(?=\d{1,3}>)/g, '< ');
}

import { stripVTControlCharacters } from 'node:util';

/**
 * Text as one or more printable lines: colours and cursor movements of other programs removed, other control characters
 * replaced, so that nothing that a step prints can redraw the operator's screen or forge a line of the log.
 */
export function plainLines(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split(/\r\n|\n|\r/)
    .map((line) =>
      line
        .replaceAll('\t', '    ')
        .replace(/[\p{Cc}\u2028\u2029]/gu, '\u{FFFD}')
        .trimEnd(),
    );
}

/** The same on a single line. */
export function plainLine(text: string): string {
  return plainLines(text)
    .filter((line) => line !== '')
    .join(' ');
}

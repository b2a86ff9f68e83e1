import { stripVTControlCharacters } from 'node:util';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Rows as aligned text columns under their titles, two spaces apart, no trailing blanks, ending in a newline. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => width(line[index] ?? ''))));
  const rendered = lines.map((line) =>
    columns
      .map((column, index) => pad(line[index] ?? '', widths[index] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd(),
  );
  return `${rendered.join('\n')}\n`;
}

function pad(text: string, target: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, target - width(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

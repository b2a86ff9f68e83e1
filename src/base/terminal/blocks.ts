import {
  columnsOf,
  cut,
  lineOf,
  linesOf,
  longestWord,
  paint,
  wrap,
  type Line,
  type Surface,
  type Text,
} from './text.ts';

/** A part of what is told: it knows its texts, and how they become lines of a width. Text alone is a sentence. */
export type Block = Text | Laid;

interface Laid {
  lines(surface: Surface): readonly Line[];
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Left out where there is no room for it. */
  readonly optional?: boolean;
}

type Row = readonly Line[];

/** Between columns. */
const gap = 2;
/** A column is not made narrower than this, or than its longest word. */
const leastWidth = 12;
const fieldIndent = 2;

/** Blocks as text, each line ended; nothing for no blocks. */
export function render(blocks: readonly Block[], surface: Surface): string {
  return blocks
    .flatMap((block) => (isText(block) ? sentence(block) : block).lines(surface))
    .map((line) => `${paint(line, surface)}\n`)
    .join('');
}

/** For what is neither a terminal nor secret: no width, no colour, nothing masked. */
export const plainSurface: Surface = { colour: false, redact: (text) => text };

function isText(block: Block): block is Text {
  return typeof block === 'string' || !('lines' in block);
}

/** One line, wrapped where it must: `indent` blanks before it, `hang` more before what follows of it. */
export function sentence(text: Text, { indent = 0, hang = 2 } = {}): Laid {
  return { lines: (surface) => hanging(lineOf(text, surface), surface, indent, hang) };
}

/** The same of a text that may have several lines, as messages of other programs have; all but the first hang. */
export function paragraph(text: Text, { indent = 0, hang = 2 } = {}): Laid {
  return {
    lines: (surface) => {
      const [first = [], ...rest] = linesOf(text, surface);
      const below = rest.filter((line) => columnsOf(line) > 0);
      return [
        ...hanging(first, surface, indent, hang),
        ...below.flatMap((line) => hanging(line, surface, indent + hang, 0)),
      ];
    },
  };
}

function hanging(line: Line, { width }: Surface, indent: number, hang: number): readonly Line[] {
  const lines = wrap(line, width === undefined ? undefined : width - indent - hang, -hang);
  return lines.map((each, index) => [blanks(index === 0 ? indent : indent + hang), ...each]);
}

/** Lines as they are, cut into no words: text for programs, a frame of code. Each is made visible. */
export function verbatim(text: Text): Laid {
  return { lines: (surface) => linesOf(text, surface) };
}

/** Titles with their texts beside them, or below them where that is too narrow. An empty title goes on with the one before. */
export function fields(rows: readonly (readonly [title: Text, text: Text])[], indent = fieldIndent): Laid {
  return {
    lines: (surface) => {
      const shown = rows.map(([title, text]) => [lineOf(title, surface), lineOf(text, surface)] as const);
      const titles = Math.max(0, ...shown.map(([title]) => columnsOf(title)));
      return shown.flatMap(([title, text]) => field(title, text, { titles, indent, surface }));
    },
  };
}

function field(
  title: Line,
  text: Line,
  { titles, indent, surface: { width } }: { titles: number; indent: number; surface: Surface },
): readonly Line[] {
  const beside = indent + titles + gap;
  const isWide = width === undefined || longestWord(text) <= width - beside;
  const left = isWide ? beside : indent + gap;
  const [first = [], ...rest] = wrap(text, width === undefined ? undefined : width - left);
  const head = [blanks(indent), ...title];
  const below = rest.map((line): Line => [blanks(left), ...line]);
  if (isWide) return [[...head, blanks(beside - indent - columnsOf(title)), ...first], ...below];
  return [...(columnsOf(title) > 0 ? [head] : []), [blanks(left), ...first], ...below];
}

/**
 * Rows below the titles of their columns. Where they are too wide, what is optional is left out, then texts are
 * broken between words, then the last column stands below the others, and at last each row becomes a list of its own.
 */
export function table(columns: readonly Column[], rows: readonly (readonly Text[])[]): Laid {
  return {
    lines: (surface) => {
      const cells = rows.map((row) => columns.map((_, index) => lineOf(row[index] ?? '', surface)));
      const { width } = surface;
      if (width === undefined) return grid(columns, cells);
      return fitting(columns, cells, width) ?? cells.flatMap((row) => stacked(columns, row, surface));
    },
  };
}

/** Rows as aligned texts of one line each, for a place that has lines: a field, a list to choose from. */
export function aligned(
  columns: readonly Pick<Column, 'align'>[],
  rows: readonly (readonly Text[])[],
): readonly Line[] {
  const cells = rows.map((row) => row.map((cell) => lineOf(cell, plainSurface)));
  return grid(
    columns.map((column) => ({ ...column, title: '' })),
    cells,
  ).slice(1);
}

/** The same as plain text, cut where it is wider than `width`. */
export function alignedLines(
  columns: readonly Pick<Column, 'align'>[],
  rows: readonly (readonly Text[])[],
  width: number,
): readonly string[] {
  return aligned(columns, rows).map((line) => cut(paint(line, plainSurface), width));
}

function fitting(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
): readonly Line[] | undefined {
  const last = columns.findLastIndex(({ optional }) => optional === true);
  if (sum(naturalWidths(columns, rows)) <= width) return grid(columns, rows);
  if (last < 0) return shrunk(columns, rows, width) ?? lastBelow(columns, rows, width);
  return fitting(
    columns.toSpliced(last, 1),
    rows.map((row) => row.toSpliced(last, 1)),
    width,
  );
}

function shrunk(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
): readonly Line[] | undefined {
  const widths = [...naturalWidths(columns, rows)];
  const least = columns.map(({ title, align }, index) => {
    const natural = widths[index] ?? 0;
    if (align === 'right') return natural;
    const words = rows.map((row) => longestWord(row[index] ?? []));
    return Math.max(longestWord([{ text: title }]), Math.min(natural, leastWidth), ...words);
  });
  if (sum(least) > width) return undefined;
  while (sum(widths) > width) {
    const slack = widths.map((each, index) => (each > (least[index] ?? 0) ? each : 0));
    const widest = slack.indexOf(Math.max(...slack));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return grid(columns, rows, widths);
}

/** The text of the last column, which is mostly a reason, below the rest of its row. */
function lastBelow(
  columns: readonly Column[],
  rows: readonly Row[],
  width: number,
): readonly Line[] | undefined {
  const others = columns.slice(0, -1);
  const titles = columns.map(({ title }): Line => [{ text: title, tone: 'quiet' }]);
  if (columns.at(-1)?.align === 'right' || others.length < 2) return undefined;
  const widths = naturalWidths(others, rows);
  if (sum(widths) > width) return undefined;
  const surface = { ...plainSurface, width };
  return [titles, ...rows].flatMap((row) => {
    const text = row[columns.length - 1] ?? [];
    const below = columnsOf(text) === 0 ? [] : hanging(text, surface, 2 * fieldIndent, 0);
    return [...grid(others, [row], widths).slice(1), ...below];
  });
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, each) => total + each, gap * Math.max(0, widths.length - 1));
}

function naturalWidths(columns: readonly Column[], rows: readonly Row[]): readonly number[] {
  return columns.map(({ title }, index) =>
    Math.max(columnsOf([{ text: title }]), ...rows.map((row) => columnsOf(row[index] ?? []))),
  );
}

function grid(
  columns: readonly Column[],
  rows: readonly Row[],
  widths = naturalWidths(columns, rows),
): readonly Line[] {
  const titles = columns.map(({ title }): Line => [{ text: title, tone: 'quiet' }]);
  return [titles, ...rows].flatMap((row) => {
    const cells = columns.map((_, index) => wrap(row[index] ?? [], widths[index]));
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return [...Array(height).keys()].map((line) =>
      columns.flatMap(({ align }, index) => [
        blanks(index === 0 ? 0 : gap),
        ...padded(cells[index]?.[line] ?? [], widths[index] ?? 0, align),
      ]),
    );
  });
}

function padded(line: Line, width: number, align: Column['align']): Line {
  const rest = blanks(Math.max(0, width - columnsOf(line)));
  return align === 'right' ? [rest, ...line] : [...line, rest];
}

/** The first cell, with the next one where the first is only a sign, and below it what the other columns say. */
function stacked(columns: readonly Column[], row: Row, surface: Surface): readonly Line[] {
  const signs = columns.findIndex(({ title }) => title !== '');
  const head = row
    .slice(0, signs + 1)
    .flatMap((cell) => [blanks(1), ...cell])
    .slice(1);
  const others = columns.flatMap(({ title }, index) => {
    const cell = row[index] ?? [];
    const isSaid = cell.some(({ text }) => text !== '' && text !== '-');
    return index > signs && isSaid ? [[title.toLowerCase(), cell] as const] : [];
  });
  return [...hanging(head, surface, 0, fieldIndent), ...fields(others).lines(surface)];
}

function blanks(count: number): { readonly text: string } {
  return { text: ' '.repeat(Math.max(0, count)) };
}
